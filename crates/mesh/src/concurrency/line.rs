//! Who waits, and who is next.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use super::Priority;
use crate::clock::Moment;

/// A place in the line: the more important go first, then whoever came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    priority: Reverse<Priority>,
    number: u64,
}

impl Place {
    pub(super) fn priority(self) -> Priority {
        self.priority.0
    }
}

/// Who waits. Within a priority it is first come, first served while the line moves well; once its first has waited for half of the time
/// there is, the last goes first: those whose time is nearly over would take most of it with them, and then everybody would be served late.
#[derive(Debug)]
pub(super) struct Line<W> {
    next: u64,
    patience: Duration,
    waiting: BTreeMap<Place, (Moment, W)>,
}

impl<W> Line<W> {
    /// In which nobody waits for longer than `time`.
    pub(super) fn new(time: Duration) -> Self {
        Self { next: 0, patience: time / 2, waiting: BTreeMap::new() }
    }

    /// Whether somebody waits who would go before a newcomer of this priority.
    pub(super) fn goes_before(&self, newcomer: Priority) -> bool {
        self.waiting.first_key_value().is_some_and(|(first, _)| first.priority() >= newcomer)
    }

    pub(super) fn join(&mut self, priority: Priority, now: Moment, waiter: W) -> Place {
        let place = Place { priority: Reverse(priority), number: self.next };
        self.next += 1;
        self.waiting.insert(place, (now, waiter));
        place
    }

    pub(super) fn leave(&mut self, place: Place) -> Option<W> {
        self.waiting.remove(&place).map(|(_, waiter)| waiter)
    }

    /// Who is next.
    pub(super) fn next(&self, now: Moment) -> Option<Place> {
        let (first, (since, _)) = self.waiting.first_key_value()?;
        if now.since(*since) < self.patience {
            return Some(*first);
        }
        let last_of_all = Place { number: u64::MAX, ..*first };
        self.waiting.range(..=last_of_all).next_back().map(|(last, _)| *last)
    }
}
