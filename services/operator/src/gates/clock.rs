//! When answers came.

use k8s_openapi::jiff::Timestamp;
use rollout::Time;
use tokio::time::Instant;

/// A clock that is set once and never jumps: what is measured by it, a gate's `for`, is as long as it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    set_to: Time,
    at: Instant,
}

impl Clock {
    /// Set by the machine's.
    pub(super) fn start() -> Self {
        Self { set_to: Time::from_millis(Timestamp::now().as_millisecond()), at: Instant::now() }
    }

    /// The time, in whole milliseconds.
    pub(super) fn now(&self) -> Time {
        let passed = i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX);
        Time::from_millis(self.set_to.as_millis().saturating_add(passed))
    }
}
