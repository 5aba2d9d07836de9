//! What came of deadlines, seen from outside.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::time::Instant;

use super::{Deadline, Exceeded};
use crate::{
    BoxError, Refused, Why,
    lanes::{Lane, Laned},
    until::Limit,
};

/// Reads what came of deadlines, from wherever.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) counts: Laned<Counts>,
}

/// What came of deadlines since the layer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Calls, and tries of calls, that were not made since what was left was not enough.
    pub refused: u64,
    /// Calls that were made and ended at their deadline, and bodies that were cut off there.
    pub exceeded: u64,
    /// Requests with a time-out that cannot be read. Only servers have them.
    pub unreadable: u64,
}

impl Handle {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Counts { refused, exceeded, unreadable } = &*self.counts;
        let [refused, exceeded, unreadable] =
            [refused, exceeded, unreadable].map(|count| count.load(Relaxed));
        Snapshot { refused, exceeded, unreadable }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    refused: AtomicU64,
    exceeded: AtomicU64,
    unreadable: AtomicU64,
}

impl Counts {
    pub(super) fn refuse(&self) -> Refused {
        self.refused.fetch_add(1, Relaxed);
        Refused::new(Why::OutOfTime, None)
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Relaxed);
    }
}

/// A call that ends with [`Exceeded`] at its deadline.
#[derive(Clone, Debug)]
pub struct ByDeadline {
    deadline: Deadline,
    body: bool,
    by_grpc: bool,
    counts: Lane<Counts>,
}

impl ByDeadline {
    /// Of the call, and of its answer's `body` or not.
    pub(super) fn new(deadline: Deadline, body: bool, counts: &Lane<Counts>) -> Self {
        Self { deadline, body, by_grpc: false, counts: counts.clone() }
    }

    /// Whether it is gRPC's call, whose body can say in trailers what it ended with.
    pub(super) fn by_grpc(self, by_grpc: bool) -> Self {
        Self { by_grpc, ..self }
    }
}

impl Limit for ByDeadline {
    fn at(&self) -> Instant {
        self.deadline.instant()
    }

    fn of_body(self) -> Option<Self> {
        self.body.then_some(self)
    }

    fn over(&self) -> BoxError {
        self.counts.exceeded.fetch_add(1, Relaxed);
        Box::new(Exceeded::new())
    }

    fn by_grpc(&self) -> bool {
        self.by_grpc
    }
}
