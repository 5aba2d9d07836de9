//! Circuit breakers that are closed, which is where they are nearly always.

use std::time::Duration;

use failsafe::futures::CircuitBreaker as _;
use mesh::{
    circuit_breaker::{Builder, Policy, SlowCalls},
    classify::Results,
    clock::{Clock, FastClock, TokioClock},
};
use recloser::{AsyncRecloser, Recloser};
use tower::{Layer, service_fn};
use tower_resilience_circuitbreaker::{
    CircuitBreakerConfigBuilder as ResilienceBuilder, CircuitBreakerLayer as Resilience, SlidingWindowType,
};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish, finish_later},
    report::Goal,
};

const WINDOW: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_secs(60);

const RECLOSER: &str = "recloser";
const FAILSAFE: &str = "failsafe, consecutive failures";
const RESILIENCE: &str = "tower-resilience, rate and slow calls, of 10 ms";

/// Ours and the others', each closed.
pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let consecutive = Policy { failure_percent: None, ..Policy::default() };
    let rates = Policy { window: WINDOW, ..Policy::default() };
    let slow_calls = Some(SlowCalls { from: SLOW, percent: 50 });
    let slow = Policy { slow_calls, ..rates.clone() };
    let peers = |times: f64, name: &str| Goal::Times(times, name.into());
    Ok(vec![
        Candidate::new("mesh (a) consecutive failures", Some(Goal::Nanos(25.0)), ours(consecutive)?)
            .also(peers(1.1, RECLOSER))
            .also(peers(1.1, FAILSAFE))
            .allocates(0.0),
        Candidate::new(RECLOSER, None, reclosers()),
        Candidate::new(FAILSAFE, None, failsafe()),
        Candidate::new("mesh (b) and failure rate", Some(Goal::Nanos(60.0)), ours(rates)?).allocates(0.0),
        Candidate::new("mesh (c) and slow calls", Some(Goal::TwoReadsAnd(25.0)), ours(slow.clone())?)
            .also(peers(0.2, RESILIENCE))
            .allocates(0.0),
        Candidate::new(
            "mesh (c) with the fast clock",
            Some(Goal::Nanos(60.0)),
            ours_by(FastClock::default(), slow)?,
        )
        .allocates(0.0),
        Candidate::single(RESILIENCE, None, resilience(of_time)?),
        Candidate::single("tower-resilience, the same, of all calls", None, resilience(of_calls)?),
    ])
}

fn ours(policy: Policy) -> Result<[Subject; 2], Failure> {
    ours_by(TokioClock::default(), policy)
}

fn ours_by(clock: impl Clock, policy: Policy) -> Result<[Subject; 2], Failure> {
    let layer = Builder::new(policy).clock(clock).build(Results::default())?;
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

/// As ours looks at time, but with each call at every call of its window: of 10 s, no run would live to see the end of it.
fn of_time(builder: ResilienceBuilder) -> ResilienceBuilder {
    builder
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(Duration::from_millis(10))
}

/// It looks at no time: it counts all calls since it was last closed, of which there must be so many.
fn of_calls(builder: ResilienceBuilder) -> ResilienceBuilder {
    builder.sliding_window_type(SlidingWindowType::CountBased).sliding_window_size(100)
}

/// Alone: of two threads, one would wait for the lock of the other, which without a runtime is a thread that spins.
fn resilience(window: fn(ResilienceBuilder) -> ResilienceBuilder) -> Result<Subject, Failure> {
    let layer = window(Resilience::builder())
        .failure_rate_threshold(0.5)
        .minimum_number_of_calls(20)
        .slow_call_duration_threshold(SLOW)
        .slow_call_rate_threshold(0.5)
        .build()?;
    let mut service = layer.layer(service_fn(|()| Once::default()));
    Ok(calls(move || finish_later(&mut service)))
}
