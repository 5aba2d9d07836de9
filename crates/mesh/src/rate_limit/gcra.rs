//! The arithmetic of a limit, and one limit as a word.

use std::sync::atomic::Ordering::Relaxed;

use super::Policy;
use crate::{
    clock::{Moment, nanos},
    sync::AtomicU64,
};

/// How often calls may come. All times are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    /// What a call costs: the time between two calls of a steady caller. Rounded up, so that no more than the policy has it pass.
    interval: u64,
    /// What may be owed: a whole burst.
    tolerance: u64,
}

/// Where a key stands after a call that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// So many more pass at once.
    pub(super) remaining: u64,
    /// In so many nanoseconds the burst is whole again.
    pub(super) whole_in: u64,
}

impl Quota {
    pub(super) fn new(policy: &Policy) -> Self {
        let interval = nanos(policy.per).div_ceil(u64::from(policy.calls).max(1)).max(1);
        Self { interval, tolerance: interval.saturating_mul(policy.burst.max(1).into()) }
    }

    /// How long a key that has used up its burst takes until it is whole again.
    pub(super) const fn tolerance(&self) -> u64 {
        self.tolerance
    }

    /// The theoretical arrival time after one more call, or how long it is until that call passes.
    #[inline]
    pub(super) fn step(&self, arrival: u64, now: Moment) -> Result<u64, u64> {
        let now = now.as_nanos();
        let next = arrival.max(now).saturating_add(self.interval);
        match next.saturating_sub(self.tolerance).checked_sub(now) {
            None | Some(0) => Ok(next),
            Some(wait) => Err(wait),
        }
    }

    #[inline]
    pub(super) fn standing(&self, arrival: u64, now: Moment) -> Standing {
        let whole_in = arrival.saturating_sub(now.as_nanos());
        Standing { remaining: self.tolerance.saturating_sub(whole_in) / self.interval, whole_in }
    }
}

/// A limit for all: the theoretical arrival time, written by compare-and-swap, so that no call is lost and none passes too many.
#[derive(Debug)]
pub(super) struct Cell(AtomicU64);

impl Cell {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts a call, or says in how many nanoseconds one passes. The word is all there is to agree on, so no order of others matters.
    #[inline]
    pub(super) fn take(&self, quota: &Quota, now: Moment) -> Result<Standing, u64> {
        let mut arrival = self.0.load(Relaxed);
        loop {
            let next = quota.step(arrival, now)?;
            match self.0.compare_exchange_weak(arrival, next, Relaxed, Relaxed) {
                Ok(_) => return Ok(quota.standing(next, now)),
                Err(seen) => arrival = seen,
            }
        }
    }
}
