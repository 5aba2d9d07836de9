//! What a caller gets whose call was not made.

use std::{fmt, time::Duration};

/// The circuit is open: the inner service was not called. Layers box their errors, so look for it by `downcast_ref`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    retry_in: Option<Duration>,
}

impl Refused {
    pub(super) const fn new(retry_in: Option<Duration>) -> Self {
        Self { retry_in }
    }

    /// In how long the next probe is due; `None` if that is not known, since probes are under way or the breaker is forced open.
    #[must_use]
    pub const fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    /// The same for a header `Retry-After`: whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_in.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the circuit is open")
    }
}

impl std::error::Error for Refused {}
