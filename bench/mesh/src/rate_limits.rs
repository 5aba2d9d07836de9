//! Rate limits that let everything pass, beside `governor`, which reads the fast clock (`quanta`), and whose memory by key has no bound.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{Quota, RateLimiter};
use http::Response;
use mesh::{
    clock::{Clock, FastClock, TokioClock},
    rate_limit::{Builder, Policy},
};
use tower::{Layer, service_fn};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish_with},
    report::Goal,
};

/// As many keys as take turns.
const KEYS: u32 = 100_000;

pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let one = endless(Policy { headers: false, ..Policy::default() });
    let told = endless(Policy::default());
    let tokios = TokioClock::default();
    Ok(vec![
        Candidate::single("an answer of HTTP, no limit", None, bare()),
        Candidate::new("mesh, one limit", Some(Goal::Nanos(60.0)), for_all(one.clone(), tokios)?)
            .allocates(0.0),
        Candidate::new("mesh, one limit, with the fast clock", None, for_all(one, FastClock::default())?),
        Candidate::new("governor, one limit", None, governors()?),
        Candidate::new("mesh, by key among 100,000", Some(Goal::Nanos(200.0)), by_key(tokios)?)
            .allocates(0.0),
        Candidate::new("mesh, by key, with the fast clock", None, by_key(FastClock::default())?),
        Candidate::new("governor, by key among 100,000", None, governors_by_key()?),
        Candidate::new("mesh, one limit, with the headers of answers", None, for_all(told, tokios)?),
    ])
}

/// A call each nanosecond passes, which is all of them.
fn endless(policy: Policy) -> Policy {
    Policy { calls: 1_000_000, per: Duration::from_millis(1), burst: 1_000_000, ..policy }
}

async fn answer<Request>(_: Request) -> Result<Response<()>, std::io::Error> {
    Once::default().await?;
    Ok(Response::new(()))
}

fn bare() -> Subject {
    let mut service = service_fn(answer);
    calls(move || finish_with(&mut service, 0_u32))
}

fn for_all(policy: Policy, clock: impl Clock) -> Result<[Subject; 2], Failure> {
    let layer = Builder::new(policy).clock(clock).build()?;
    Ok([(); 2].map(|()| {
        let mut service = layer.layer(service_fn(answer));
        calls(move || finish_with(&mut service, 0_u32))
    }))
}

/// Each key owes something all the time, so none gives its place away.
fn by_key(clock: impl Clock) -> Result<[Subject; 2], Failure> {
    let policy = Policy {
        calls: 10,
        per: Duration::from_secs(1),
        burst: 1_000_000,
        keys: KEYS as usize,
        headers: false,
        ..Policy::default()
    };
    let layer = Builder::new(policy).clock(clock).build_by(|key: &u32| Some(*key))?;
    Ok([(); 2].map(|()| {
        let (mut service, mut keys) = (layer.layer(service_fn(answer)), keys());
        calls(move || finish_with(&mut service, keys()))
    }))
}

fn governors() -> Result<[Subject; 2], Failure> {
    let quota = Quota::per_second(NonZeroU32::new(1_000_000_000).ok_or("a quota of nothing")?);
    let limiter = Arc::new(RateLimiter::direct(quota));
    Ok([(); 2].map(|()| {
        let limiter = Arc::clone(&limiter);
        let mut service = service_fn(move |key: u32| limited(limiter.check().is_ok(), key));
        calls(move || finish_with(&mut service, 0))
    }))
}

fn governors_by_key() -> Result<[Subject; 2], Failure> {
    let [calls_per_second, burst] = [10, 1_000_000].map(NonZeroU32::new);
    let quota = Quota::per_second(calls_per_second.ok_or("a quota of nothing")?);
    let limiter = Arc::new(RateLimiter::dashmap(quota.allow_burst(burst.ok_or("a burst of nothing")?)));
    Ok([(); 2].map(|()| {
        let (limiter, mut keys) = (Arc::clone(&limiter), keys());
        let mut service = service_fn(move |key: u32| limited(limiter.check_key(&key).is_ok(), key));
        calls(move || finish_with(&mut service, keys()))
    }))
}

async fn limited(passes: bool, key: u32) -> Result<Response<()>, std::io::Error> {
    if passes { answer(key).await } else { Err(std::io::ErrorKind::ResourceBusy.into()) }
}

/// All keys, one after the other, in an order that no cache foresees.
fn keys() -> impl FnMut() -> u32 + Send {
    let mut last = 0_u32;
    move || {
        last = (last + 61_803) % KEYS;
        last
    }
}
