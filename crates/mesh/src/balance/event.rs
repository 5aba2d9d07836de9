//! What becomes of endpoints, and why.

use std::{net::SocketAddr, time::Duration};

use crate::circuit_breaker::Transition;

/// What has become of an endpoint, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Which endpoint; `None` if it is about all of them.
    pub address: Option<SocketAddr>,
    /// What.
    pub change: Change,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is one of the endpoints from now on.
    Joined,
    /// It is none any more. Calls of it that are under way go on.
    Left,
    /// It gets no calls, for as long as this and until the end of an interval.
    Ejected(Reason, Duration),
    /// It would have been ejected.
    Spared(Reason, Spared),
    /// Its ejection is over.
    Returned,
    /// Its breaker has changed.
    Breaker(Transition),
    /// Too few endpoints are eligible: ejections and slow start are ignored.
    PanicBegan,
    /// There are enough again.
    PanicEnded,
}

/// Why an endpoint is ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// So many of its calls failed without a success between them.
    ConsecutiveFailures(u32),
    /// Its share of successes is far below the others'.
    SuccessRate {
        /// How many percent have succeeded.
        percent: u8,
        /// How many would have been enough.
        least: u8,
    },
}

/// Why one that was to be ejected was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spared {
    /// As many as may be are out.
    Limit,
    /// The policy makes only a part of the ejections.
    NotEnforced,
}

impl Change {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Ejected(..) => "ejected",
            Self::Spared(..) => "spared",
            Self::Returned => "returned",
            Self::Breaker(_) => "breaker",
            Self::PanicBegan => "panic_began",
            Self::PanicEnded => "panic_ended",
        }
    }
}

impl Reason {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures(_) => "consecutive_failures",
            Self::SuccessRate { .. } => "success_rate",
        }
    }
}

impl Spared {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::NotEnforced => "not_enforced",
        }
    }
}
