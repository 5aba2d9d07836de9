//! The time of day.

use std::{fmt, sync::Arc};

use rollout::Time;

/// Where the time of day comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The machine's.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            #[expect(clippy::disallowed_methods, reason = "the one place where the time of day is read")]
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            Time::from_millis(i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX))
        })
    }

    /// Another, as tests have it.
    #[must_use]
    pub fn new(now: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Time {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").finish_non_exhaustive()
    }
}
