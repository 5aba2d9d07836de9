//! What becomes of a breaker, and why.

use std::time::Duration;

use super::{Mode, State};

/// A change of state or mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// One more than that of the change before. Changes that follow each other closely may be told by two threads in either order.
    pub generation: u32,
    /// Where it was.
    pub from: State,
    /// Where it is.
    pub to: State,
    /// The mode that it is in now.
    pub mode: Mode,
    /// Why.
    pub reason: Reason,
    /// For how long it stays open, if that is where it is.
    pub open_for: Option<Duration>,
}

/// Why a breaker changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many calls failed without a success between them.
    ConsecutiveFailures(u32),
    /// Too many of the window's calls failed.
    FailureShare {
        /// How many failed.
        failures: u64,
        /// Of how many.
        calls: u64,
    },
    /// Too many of the window's calls were slow.
    SlowShare {
        /// How many were slow.
        slow: u64,
        /// Of how many.
        calls: u64,
    },
    /// The back-off is over.
    BackoffOver,
    /// A probe failed, or was throttled.
    ProbeFailed,
    /// A probe succeeded, but was slow.
    ProbeSlow,
    /// As many probes succeeded as the policy asks for.
    ProbesSucceeded,
    /// Somebody set the mode.
    ModeSet,
}

impl Reason {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures(_) => "consecutive_failures",
            Self::FailureShare { .. } => "failure_share",
            Self::SlowShare { .. } => "slow_share",
            Self::BackoffOver => "backoff_over",
            Self::ProbeFailed => "probe_failed",
            Self::ProbeSlow => "probe_slow",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::ModeSet => "mode_set",
        }
    }
}
