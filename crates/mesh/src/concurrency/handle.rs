//! A limit seen from outside.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{Priority, shared::Shared};
use crate::{
    Why,
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// Reads a limit, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<C = TokioClock> {
    pub(super) shared: Laned<Shared<C>>,
}

/// A limit at one moment. Its numbers are read one after the other while calls go on; what is counted is counted since the layer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many calls may be under way.
    pub limit: u32,
    /// How many are.
    pub under_way: u32,
    /// How many wait.
    pub waiting: u32,
    /// What a call takes where nothing waits inside of the service, as it was measured last. `None` before that, and of a fixed limit.
    pub floor: Option<Duration>,
    /// How often the floor was measured.
    pub measured: u64,
    /// How many calls had to wait, whatever became of them.
    pub waited: u64,
    /// How many calls found no room and went through all the same, since the policy is not enforced for all.
    pub would_have_shed: u64,
    /// How many calls were refused, by priority and reason.
    pub refused: Refusals,
}

/// How many calls were refused, by priority and reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals([[u64; REASONS.len()]; Priority::ALL.len()]);

/// Why a limit refuses.
const REASONS: [Why; 4] = [Why::LimitReached, Why::Shed, Why::QueueFull, Why::QueuedTooLong];

impl Refusals {
    /// Each priority with each reason that there is, for a metric's labels.
    pub fn iter(&self) -> impl Iterator<Item = (Priority, Why, u64)> {
        Priority::ALL.into_iter().zip(self.0).flat_map(|(priority, counts)| {
            REASONS.into_iter().zip(counts).map(move |(why, count)| (priority, why, count))
        })
    }

    /// How many calls of this priority were refused for this reason.
    #[must_use]
    pub fn of(&self, priority: Priority, why: Why) -> u64 {
        let counts = self.iter().filter(|(of, reason, _)| (*of, *reason) == (priority, why));
        counts.map(|(_, _, count)| count).sum()
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }
}

impl<C: Clock> Handle<C> {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let word = self.shared.gate.word();
        let (floor, measured) = self.shared.floor();
        let counts = &self.shared.counts;
        Snapshot {
            limit: word.limit,
            under_way: word.under_way,
            waiting: word.waiting,
            floor,
            measured,
            waited: counts.waited.load(Relaxed),
            would_have_shed: counts.would_have_shed.load(Relaxed),
            refused: Refusals(
                counts.refused.each_ref().map(|of| of.each_ref().map(|count| count.load(Relaxed))),
            ),
        }
    }
}

/// What is counted since the layer was made.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) waited: AtomicU64,
    pub(super) would_have_shed: AtomicU64,
    refused: [[AtomicU64; REASONS.len()]; Priority::ALL.len()],
}

impl Counts {
    pub(super) fn refuse(&self, priority: Priority, why: Why) {
        let counts = self.refused.get(priority as usize);
        let reason = REASONS.iter().position(|reason| *reason == why);
        if let Some(count) = counts.zip(reason).and_then(|(counts, reason)| counts.get(reason)) {
            count.fetch_add(1, Relaxed);
        }
    }
}
