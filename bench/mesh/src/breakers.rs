//! Circuit breakers that are closed, which is where they are nearly always.

use std::{error::Error, time::Duration};

use failsafe::futures::CircuitBreaker as _;
use mesh::{
    circuit_breaker::{CircuitBreakerLayer, Policy, SlowCalls},
    classify::Results,
    clock::{Clock, TokioClock},
};
use recloser::{AsyncRecloser, Recloser};
use tower::{Layer, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer as Resilience, SlidingWindowType};

use crate::{
    measure::{Once, Subject, calls, finish, nanos_per_call, nanos_per_call_of_two, ready_call},
    report::{Goal, Row},
};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

const WINDOW: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_secs(60);

/// What is measured, and the makers of two subjects that share one breaker.
struct Candidate {
    name: &'static str,
    goal: Option<Goal>,
    pair: [Subject; 2],
    alone: Vec<f64>,
    together: Vec<f64>,
}

impl Candidate {
    fn new(name: &'static str, goal: Option<Goal>, pair: [Subject; 2]) -> Self {
        Self { name, goal, pair, alone: vec![], together: vec![] }
    }
}

/// One round after the other, each candidate once in each, and what its calls cost more than the bare service's.
pub(crate) fn measure(rounds: u32, count: u32) -> Result<Vec<Row>, Failure> {
    let mut bare = [bare(), bare()];
    let clock = TokioClock::default();
    let mut reads = calls(move || std::future::ready(clock.now()));
    let mut candidates = candidates()?;
    let (mut services, mut clocks) = (vec![], vec![]);
    // The first round warms up.
    for round in 0..=rounds {
        let alone = nanos_per_call(&mut bare[0], count);
        let together = nanos_per_call_of_two(&mut bare, count);
        let read = nanos_per_call(&mut reads, count);
        for candidate in &mut candidates {
            let cost = nanos_per_call(&mut candidate.pair[0], count) - alone;
            let shared = nanos_per_call_of_two(&mut candidate.pair, count) - together;
            if round > 0 {
                candidate.alone.push(cost);
                candidate.together.push(shared);
            }
        }
        if round > 0 {
            services.push(alone);
            clocks.push(read);
        }
    }
    let mut rows =
        vec![Row::new("bare service, pending once", &services), Row::new("one read of the clock", &clocks)];
    for candidate in candidates {
        rows.push(Row::new(candidate.name, &candidate.alone).goal(candidate.goal));
        let name = format!("{}, of two threads each", candidate.name);
        rows.push(Row::new(name, &candidate.together).goal(candidate.goal.map(|_| Goal::TwiceAlone)));
    }
    Ok(rows)
}

fn candidates() -> Result<Vec<Candidate>, Failure> {
    let consecutive = Policy { failure_percent: None, ..Policy::default() };
    let rates = Policy { window: WINDOW, ..Policy::default() };
    let slow_calls = Some(SlowCalls { from: SLOW, percent: 50 });
    let slow = Policy { slow_calls, ..rates.clone() };
    Ok(vec![
        Candidate::new("mesh (a) consecutive failures", Some(Goal::Nanos(25.0)), ours(consecutive)?),
        Candidate::new("recloser", None, reclosers()),
        Candidate::new("failsafe, consecutive failures", None, failsafe()),
        Candidate::new("mesh (b) and failure rate", Some(Goal::Nanos(60.0)), ours(rates)?),
        Candidate::new("mesh (c) and slow calls", Some(Goal::TwoReadsAnd(25.0)), ours(slow)?),
        Candidate::new("tower-resilience, rate and slow calls, last 100 calls", None, resilience()?),
    ])
}

fn bare() -> Subject {
    let mut service = service_fn(|()| Once::default());
    calls(move || finish_later(&mut service))
}

/// The call as a value, so that every subject has the same loop around it.
fn finish_later<S: tower::Service<()>>(service: &mut S) -> std::future::Ready<bool> {
    std::future::ready(finish(ready_call(service)).is_ok())
}

fn ours(policy: Policy) -> Result<[Subject; 2], Failure> {
    let layer = CircuitBreakerLayer::new(policy, Results::default())?;
    Ok([(); 2].map(|()| {
        let mut service = layer.layer(service_fn(|()| Once::default()));
        calls(move || finish_later(&mut service))
    }))
}

/// It has the share of failures of its last 100 calls, and no time.
fn reclosers() -> [Subject; 2] {
    let breaker = AsyncRecloser::from(Recloser::custom().error_rate(0.5).closed_len(100).build());
    [(); 2].map(|()| {
        let breaker = breaker.clone();
        calls(move || std::future::ready(finish(breaker.call(Once::default())).is_ok()))
    })
}

fn failsafe() -> [Subject; 2] {
    let backoff = failsafe::backoff::constant(WINDOW);
    let policy = failsafe::failure_policy::consecutive_failures(5, backoff);
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    [(); 2].map(|()| {
        let breaker = breaker.clone();
        calls(move || std::future::ready(finish(breaker.call(Once::default())).is_ok()))
    })
}

/// Over its last 100 calls: over time it looks at every call of the window with each call, which no run would live to see the end of.
fn resilience() -> Result<[Subject; 2], Failure> {
    let layer = Resilience::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_type(SlidingWindowType::CountBased)
        .sliding_window_size(100)
        .minimum_number_of_calls(20)
        .slow_call_duration_threshold(SLOW)
        .slow_call_rate_threshold(0.5)
        .build()?;
    let service = layer.layer(service_fn(|()| Once::default()));
    Ok([(); 2].map(|()| {
        let mut service = service.clone();
        calls(move || finish_later(&mut service))
    }))
}
