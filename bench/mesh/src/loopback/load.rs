//! Calls that are made at their time, whether earlier ones have ended or not: who waits for answers before asking again does not see what others wait for.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tower::ServiceExt;

use super::fleet::Stack;
use crate::Failure;

/// What became of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    /// When it was to be made.
    pub(super) at: Instant,
    /// How long it took from then.
    pub(super) took: Duration,
    /// Whether it was answered as it should.
    pub(super) well: bool,
}

/// So many calls a second for so long; those of all seconds.
pub(super) async fn load(service: &Stack, per_second: u32, time: Duration) -> Result<Vec<Answered>, Failure> {
    let (begun, mut calls) = (Instant::now(), JoinSet::new());
    let count = (time.as_secs_f64() * f64::from(per_second)) as u32;
    for number in 0..count {
        let at = begun + Duration::from_secs(1) * number / per_second;
        sleep_until(at).await;
        calls.spawn(call(service.clone(), at));
    }
    Ok(calls.join_all().await)
}

async fn call(service: Stack, at: Instant) -> Answered {
    let answered = service.oneshot(Request::get("/orders/7").body(Empty::<Bytes>::new()).unwrap_or_default());
    let well = match answered.await {
        Ok(answer) => answer.status() == StatusCode::OK && answer.into_body().collect().await.is_ok(),
        Err(_) => false,
    };
    Answered { at, took: at.elapsed(), well }
}

/// The time that 99 of 100 calls took at most, in milliseconds.
pub(super) fn p99(answered: &[Answered]) -> f64 {
    let mut took: Vec<_> = answered.iter().map(|it| it.took).collect();
    took.sort_unstable();
    took.get(took.len() * 99 / 100).copied().unwrap_or_default().as_secs_f64() * 1e3
}
