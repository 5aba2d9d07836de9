//! Retries seen from outside.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Ended, Reason};
use crate::{
    budget::Budget,
    clock::{Clock, TokioClock},
};

/// Reads what became of a layer's calls, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<C = TokioClock> {
    pub(super) counters: Arc<Counters>,
    pub(super) budget: Budget<C>,
}

/// What became of a layer's calls since it was made. The numbers are read one after the other while calls go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many attempts were made beyond the first, and why.
    pub retries: Vec<(Reason, u64)>,
    /// How many calls that failed were not tried again, or not once more, and why.
    pub ended: Vec<(Ended, u64)>,
    /// How many calls went well with a further attempt.
    pub saved: u64,
    /// How many attempts there is room for in the budget.
    pub budget_left: u64,
}

impl<C: Clock> Handle<C> {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Snapshot {
            retries: Reason::ALL.map(|reason| (reason, read(&counters.retries[reason as usize]))).into(),
            ended: Ended::ALL.map(|ended| (ended, read(&counters.ended[ended as usize]))).into(),
            saved: read(&counters.saved),
            budget_left: self.budget.snapshot().left,
        }
    }

    /// The budget that the attempts come from.
    #[must_use]
    pub fn budget(&self) -> &Budget<C> {
        &self.budget
    }
}

impl Snapshot {
    /// How many attempts were made for this reason.
    #[must_use]
    pub fn retries(&self, reason: Reason) -> u64 {
        self.retries.iter().find(|(of, _)| *of == reason).map_or(0, |(_, count)| *count)
    }

    /// How many calls ended for this reason.
    #[must_use]
    pub fn ended(&self, ended: Ended) -> u64 {
        self.ended.iter().find(|(of, _)| *of == ended).map_or(0, |(_, count)| *count)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    retries: [AtomicU64; Reason::ALL.len()],
    ended: [AtomicU64; Ended::ALL.len()],
    saved: AtomicU64,
}

impl Counters {
    pub(super) fn retried(&self, reason: Reason) {
        self.retries[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, ended: Ended) {
        self.ended[ended as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn saved(&self) {
        self.saved.fetch_add(1, Ordering::Relaxed);
    }
}
