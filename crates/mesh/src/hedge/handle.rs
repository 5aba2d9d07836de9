//! Hedges seen from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::service::State;
use crate::{
    budget::Budget,
    clock::{Clock, TokioClock},
};

/// Reads what became of a layer's calls, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<C = TokioClock> {
    pub(super) state: Arc<State>,
    pub(super) budget: Budget<C>,
}

/// Why a hedge that was due was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotSent {
    /// The body was still being sent, or is not kept.
    Body,
    /// The budget is used up.
    Budget,
    /// The caller's deadline has passed.
    Deadline,
    /// Its service was not ready in time, or could not become ready.
    NotReady,
    /// A layer further in did not make the call.
    Refused,
}

impl NotSent {
    const ALL: [Self; 5] = [Self::Body, Self::Budget, Self::Deadline, Self::NotReady, Self::Refused];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::NotReady => "not_ready",
            Self::Refused => "refused",
        }
    }
}

/// What became of a layer's calls since it was made. The numbers are read one after the other while calls go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many hedges were sent, those that were refused among them.
    pub sent: u64,
    /// How many of them gave the answer.
    pub won: u64,
    /// How many were due and not sent, and why.
    pub not_sent: Vec<(NotSent, u64)>,
    /// After how long a hedge is due; `None` while too few calls are known.
    pub due_after: Option<Duration>,
    /// How many attempts there is room for in the budget.
    pub budget_left: u64,
}

impl<C: Clock> Handle<C> {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.state.counters;
        Snapshot {
            sent: read(&counters.sent),
            won: read(&counters.won),
            not_sent: NotSent::ALL.map(|why| (why, read(&counters.not_sent[why as usize]))).into(),
            due_after: self.state.due_after(),
            budget_left: self.budget.snapshot().left,
        }
    }

    /// The budget that the hedges come from.
    #[must_use]
    pub fn budget(&self) -> &Budget<C> {
        &self.budget
    }
}

impl Snapshot {
    /// How many were due and not sent for this reason.
    #[must_use]
    pub fn not_sent(&self, why: NotSent) -> u64 {
        self.not_sent.iter().find(|(of, _)| *of == why).map_or(0, |(_, count)| *count)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    won: AtomicU64,
    not_sent: [AtomicU64; NotSent::ALL.len()],
}

impl Counters {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn won(&self) {
        self.won.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_sent(&self, why: NotSent) {
        self.not_sent[why as usize].fetch_add(1, Ordering::Relaxed);
    }
}
