//! Places that are held until they are given back, or for too long.

use std::time::Duration;

use crate::clock::Moment;

/// Places, each of which is held under a number of its own, which comes again after 2^32: who comes back too late has none any more.
#[derive(Debug, Default)]
pub(super) struct Places {
    next: u32,
    held: Vec<(u32, Moment)>,
}

impl Places {
    /// Takes a place if fewer than `at_most` are held, until it is given back or `lease` is over.
    pub(super) fn take(&mut self, at_most: usize, now: Moment, lease: Duration) -> Option<u32> {
        (self.held(now) < at_most).then(|| {
            self.next = self.next.wrapping_add(1);
            self.held.push((self.next, now + lease));
            self.next
        })
    }

    /// Whether the place was still held.
    pub(super) fn give_back(&mut self, place: u32, now: Moment) -> bool {
        self.held(now);
        let before = self.held.len();
        self.held.retain(|(held, _)| *held != place);
        self.held.len() < before
    }

    /// How many are held; those whose time is over are not.
    pub(super) fn held(&mut self, now: Moment) -> usize {
        self.held.retain(|(_, deadline)| now < *deadline);
        self.held.len()
    }

    /// Nobody holds one any more.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}
