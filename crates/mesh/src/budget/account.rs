//! A budget that layers share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Policy, ledger::Ledger};
use crate::{
    InvalidPolicy,
    clock::{Clock, TokioClock},
    lanes,
};

/// A budget for attempts beyond the first. Clones are the same budget: give one to each layer that shall share it, and keep one to read it.
///
/// ```
/// use mesh::budget::{Budget, Policy};
///
/// let budget = Budget::new(Policy { percent: 20, floor: 0, ..Policy::default() })?;
/// assert!(budget.reserve().is_none());
/// (0..10).for_each(|_| budget.count_first_attempt());
/// let retries: Vec<_> = std::iter::from_fn(|| budget.reserve()).collect();
/// assert_eq!(retries.len(), 2);
/// retries.into_iter().next().expect("one of two").spend();
/// assert_eq!(budget.snapshot().left, 1); // the other was not sent
/// # Ok::<_, mesh::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug)]
pub struct Budget<C = TokioClock> {
    shared: Arc<Shared<C>>,
}

#[derive(Debug)]
struct Shared<C> {
    ledger: Ledger,
    clock: C,
    granted: AtomicU64,
    denied: AtomicU64,
}

/// A budget at one moment. Its numbers are read one after the other while calls go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many attempts there is room for now.
    pub left: u64,
    /// First attempts in the window.
    pub first_attempts: u64,
    /// Attempts beyond them in the window.
    pub reserved: u64,
    /// How many were granted since the budget was made, those that were given back among them.
    pub granted: u64,
    /// How many were denied since the budget was made.
    pub denied: u64,
}

impl Budget {
    /// A budget on tokio's clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy) -> Result<Self, InvalidPolicy> {
        Self::with_clock(policy, TokioClock::default())
    }
}

impl<C: Clock> Budget<C> {
    /// A budget on another clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn with_clock(policy: Policy, clock: C) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let (granted, denied) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self {
            shared: Arc::new(Shared {
                ledger: Ledger::new(&policy, lanes::worthwhile()),
                clock,
                granted,
                denied,
            }),
        })
    }

    /// Counts a first attempt that has ended, which the share is of.
    #[inline]
    pub fn count_first_attempt(&self) {
        self.shared.ledger.count_first(lanes::of_this_thread(), self.shared.clock.now());
    }

    /// Reserves an attempt beyond the first, if there is room for it.
    #[must_use]
    pub fn reserve(&self) -> Option<Reservation<C>> {
        let shared = &self.shared;
        let turn = shared.ledger.reserve(shared.clock.now());
        let counter = if turn.is_some() { &shared.granted } else { &shared.denied };
        counter.fetch_add(1, Ordering::Relaxed);
        turn.map(|turn| Reservation { budget: self.clone(), turn, sent: false })
    }

    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let shared = &self.shared;
        let (left, window) = shared.ledger.balance(shared.clock.now());
        Snapshot {
            left,
            first_attempts: window.firsts,
            reserved: window.reserved,
            granted: shared.granted.load(Ordering::Relaxed),
            denied: shared.denied.load(Ordering::Relaxed),
        }
    }
}

/// Room for one attempt. Dropped, it is given back, unless the attempt was sent.
#[derive(Debug)]
#[must_use = "an attempt that is not sent is given back"]
pub struct Reservation<C: Clock = TokioClock> {
    budget: Budget<C>,
    turn: u64,
    sent: bool,
}

impl<C: Clock> Reservation<C> {
    /// The attempt is sent, and counts.
    pub fn spend(mut self) {
        self.sent = true;
    }

    /// The attempt is on its way: it counts, unless it [comes back](Self::was_refused) as one that was not made.
    pub(crate) fn is_sent(&mut self) {
        self.sent = true;
    }

    /// The attempt was not made after all.
    pub(crate) fn was_refused(mut self) {
        self.sent = false;
    }
}

impl<C: Clock> Drop for Reservation<C> {
    fn drop(&mut self) {
        if !self.sent {
            self.budget.shared.ledger.give_back(self.turn);
        }
    }
}
