//! What has happened since the balancer was made.

use std::sync::atomic::Ordering;

use super::{Change, Reason, Spared};
use crate::sync::AtomicU64;

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) panic_picks: AtomicU64,
    pub(super) sets: AtomicU64,
    pub(super) panics: AtomicU64,
    pub(super) returned: AtomicU64,
    pub(super) ejected_consecutive_failures: AtomicU64,
    pub(super) ejected_success_rate: AtomicU64,
    pub(super) spared_limit: AtomicU64,
    pub(super) spared_not_enforced: AtomicU64,
}

impl Counters {
    pub(super) fn picked_in_panic(&self) {
        count(&self.panic_picks);
    }

    pub(super) fn applied(&self) {
        count(&self.sets);
    }

    pub(super) fn changed(&self, change: Change) {
        count(match change {
            Change::Ejected(Reason::ConsecutiveFailures(_), _) => &self.ejected_consecutive_failures,
            Change::Ejected(Reason::SuccessRate { .. }, _) => &self.ejected_success_rate,
            Change::Spared(_, Spared::Limit) => &self.spared_limit,
            Change::Spared(_, Spared::NotEnforced) => &self.spared_not_enforced,
            Change::Returned => &self.returned,
            Change::PanicBegan => &self.panics,
            Change::Joined | Change::Left | Change::Breaker(_) | Change::PanicEnded => return,
        });
    }
}

#[inline]
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
