//! Circuit breakers that are closed, which is where they are nearly always.

use std::time::Duration;

use failsafe::futures::CircuitBreaker as _;
use mesh::{
    circuit_breaker::{CircuitBreakerLayer, Policy, SlowCalls},
    classify::Results,
};
use recloser::{AsyncRecloser, Recloser};
use tower::{Layer, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer as Resilience, SlidingWindowType};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish, finish_later},
    report::Goal,
};

const WINDOW: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_secs(60);

/// Ours and the others', each closed.
pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
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
