//! Limits within limits need one timer: the soonest.
//!
//! A limit that waits for its timer says so to the one around it, in whose poll it does. That has no need of a timer of its own that fires no sooner: when the other
//! fires, whatever is around it is polled, too, and looks again.

use std::{cell::Cell, task::Poll};

use tokio::time::Instant;

thread_local! {
    /// When the soonest of the timers fires that were seen so far in the poll that goes on.
    static SOONEST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Polls what a limit is around, and says when the soonest timer inside of it fires.
#[inline]
pub(super) fn poll<T>(poll: impl FnOnce() -> Poll<T>) -> (Poll<T>, Option<Instant>) {
    let around = SOONEST.take();
    let polled = poll();
    (polled, SOONEST.replace(around))
}

/// A limit waits for a timer that fires then.
#[inline]
pub(super) fn waits(at: Instant) {
    SOONEST.set(Some(SOONEST.get().map_or(at, |soonest| soonest.min(at))));
}

/// A timer that may have been seen in the poll that goes on is no more: whatever is around needs one of its own.
#[inline]
pub(super) fn is_gone() {
    SOONEST.set(None);
}
