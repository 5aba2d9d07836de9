//! The time that objects are stamped with: tokio's, so that a test that pauses it, or lets it run ahead, moves it too.

use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

/// A wall clock that runs with tokio's time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: Timestamp,
    started: Instant,
}

impl Clock {
    /// A clock that shows this now.
    #[must_use]
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self { epoch, started: Instant::now() }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.epoch.saturating_add(self.started.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// The same as objects say it: in whole seconds.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}
