//! Limits by key, in a table of a fixed size.

use std::sync::PoisonError;

use super::gcra::{Quota, Standing};
use crate::{
    clock::Moment,
    sync::{Mutex, MutexGuard},
};

/// How many keys share a set, and its lock. A set is two cache lines.
pub(super) const WAYS: usize = 7;
/// How many keys a set is meant for: of as many as a table is made for, one set in a thousand gets more than it holds.
const MEANT_FOR: usize = 2;

/// Sets of cells; a key has its cell in the set that its hash says.
#[derive(Debug)]
pub(super) struct Table {
    sets: Box<[Set]>,
}

#[derive(Debug)]
#[repr(align(128))]
struct Set(Mutex<Cells>);

/// A cell without a key has the hash 0 and owes nothing, as an idle one.
#[derive(Debug, Default)]
struct Cells {
    hashes: [u64; WAYS],
    arrivals: [u64; WAYS],
}

/// What a call of a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) result: Result<Standing, u64>,
    /// Whether a newcomer met a set whose keys all owe something.
    pub(super) crowded: bool,
}

impl Table {
    /// For so many keys that owe something at a time.
    pub(super) fn new(keys: usize) -> Self {
        let sets = keys.div_ceil(MEANT_FOR).max(1);
        Self { sets: (0..sets).map(|_| Set(Mutex::new(Cells::default()))).collect() }
    }

    /// How many keys it can hold.
    pub(super) fn room(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// Counts a call of the key with this hash, of all whose 64 bits the high ones choose the set.
    #[inline]
    pub(super) fn take(&self, hash: u64, quota: &Quota, now: Moment) -> Taken {
        let hash = hash.max(1);
        self.cells(hash).take(hash, quota, now)
    }

    #[inline]
    fn cells(&self, hash: u64) -> MutexGuard<'_, Cells> {
        let index = (u128::from(hash) * self.sets.len() as u128) >> 64;
        let set = &self.sets[usize::try_from(index).unwrap_or_default()];
        set.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cells {
    #[inline]
    fn take(&mut self, hash: u64, quota: &Quota, now: Moment) -> Taken {
        let own = self.hashes.iter().position(|other| *other == hash);
        let index = own.unwrap_or_else(|| self.least_owing());
        let arrival = self.arrivals[index];
        let result = quota.step(arrival, now);
        if let Ok(next) = result {
            self.hashes[index] = hash;
            self.arrivals[index] = next;
        }
        Taken {
            result: result.map(|next| quota.standing(next, now)),
            crowded: own.is_none() && arrival > now.as_nanos(),
        }
    }

    fn least_owing(&self) -> usize {
        let cells = self.arrivals.iter().enumerate();
        cells.min_by_key(|(_, arrival)| **arrival).map_or(0, |(index, _)| index)
    }
}

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
mod size {
    use super::*;

    #[test]
    fn a_table_takes_64_bytes_for_each_key_that_it_is_made_for() {
        let table = Table::new(100_000);
        assert_eq!(size_of_val(&*table.sets), 6_400_000);
        assert_eq!(table.room(), 350_000);
    }
}
