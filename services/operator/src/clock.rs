//! What time it is.

use k8s_openapi::jiff::Timestamp;
use rollout::Time;
use tokio::time::Instant;

/// A clock that is set once, when the process starts, and never jumps: what is measured by it, such as a gate's `for`, is as long as
/// it was. It obeys the paused clock of tests. Clones are the same.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    set_to: Time,
    at: Instant,
}

impl Clock {
    /// Set by the system's clock.
    #[must_use]
    pub fn start() -> Self {
        Self::set(Time::from_millis(Timestamp::now().as_millisecond()))
    }

    /// Set to `now`.
    #[must_use]
    pub fn set(now: Time) -> Self {
        Self { set_to: now, at: Instant::now() }
    }

    /// The time, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Time {
        let passed = i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX);
        Time::from_millis(self.set_to.as_millis().saturating_add(passed))
    }
}
