//! How often a system asked to come back later.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::http::StatusCode;
use serde::Serialize;

/// Requests that were sent again, by the reason why. One that is refused three times counts three times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pushback {
    /// 429: too much at once.
    pub too_many_requests: u64,
    /// 503: not now.
    pub unavailable: u64,
    /// 502 and 504: somebody behind it did not answer.
    pub gateway: u64,
    /// 409 with `Retry-After`: the first request under the key is being worked on.
    pub in_progress: u64,
    /// No answer at all.
    pub no_answer: u64,
}

impl Pushback {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.too_many_requests + self.unavailable + self.gateway + self.in_progress + self.no_answer
    }

    /// What came since `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            too_many_requests: self.too_many_requests.saturating_sub(earlier.too_many_requests),
            unavailable: self.unavailable.saturating_sub(earlier.unavailable),
            gateway: self.gateway.saturating_sub(earlier.gateway),
            in_progress: self.in_progress.saturating_sub(earlier.in_progress),
            no_answer: self.no_answer.saturating_sub(earlier.no_answer),
        }
    }
}

/// Counts it. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter(Arc<[AtomicU64; 5]>);

impl Counter {
    /// One more, after this answer or none.
    pub(super) fn count(&self, answered: Option<StatusCode>) {
        let place = match answered {
            Some(StatusCode::TOO_MANY_REQUESTS) => 0,
            Some(StatusCode::SERVICE_UNAVAILABLE) => 1,
            Some(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => 2,
            Some(_) => 3,
            None => 4,
        };
        self.0[place].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Pushback {
        let [too_many_requests, unavailable, gateway, in_progress, no_answer] =
            [0, 1, 2, 3, 4].map(|place: usize| self.0[place].load(Ordering::Relaxed));
        Pushback { too_many_requests, unavailable, gateway, in_progress, no_answer }
    }
}
