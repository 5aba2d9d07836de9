//! A rate limit seen from outside.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Reads a rate limit, from wherever.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) counts: Arc<Counts>,
}

/// What came of a rate limit since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Calls that were refused.
    pub refused: u64,
    /// Calls that have no limit, by the key.
    pub exempt: u64,
    /// Calls of newcomers that found no place but that of a key that still owed something: there is too little memory for the keys in use.
    pub crowded: u64,
    /// How many keys there is room for; 1 where there is one limit for all.
    pub room: u64,
}

impl Handle {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Counts { refused, exempt, crowded, room } = &*self.counts;
        let [refused, exempt, crowded] = [refused, exempt, crowded].map(|count| count.load(Relaxed));
        Snapshot { refused, exempt, crowded, room: *room }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) refused: AtomicU64,
    pub(super) exempt: AtomicU64,
    pub(super) crowded: AtomicU64,
    pub(super) room: u64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
