//! Time-outs seen from outside.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Part, Policy};
use crate::lanes::Laned;

/// Reads how many tries took too long, from wherever.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) shared: Laned<Shared>,
}

/// How many tries took too long since the layer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Without headers by then.
    pub headers: u64,
    /// Without a whole answer by then.
    pub body: u64,
    /// Which their call's deadline ended, in either part.
    pub deadline: u64,
}

impl Handle {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Counts { headers, body, deadline } = &self.shared.counts;
        let [headers, body, deadline] = [headers, body, deadline].map(|count| count.load(Relaxed));
        Snapshot { headers, body, deadline }
    }
}

/// What all services of a layer have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) policy: Policy,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    headers: AtomicU64,
    body: AtomicU64,
    deadline: AtomicU64,
}

impl Counts {
    pub(super) fn count(&self, part: Part, by_deadline: bool) {
        let count = match part {
            _ if by_deadline => &self.deadline,
            Part::Headers => &self.headers,
            Part::Body => &self.body,
        };
        count.fetch_add(1, Relaxed);
    }
}
