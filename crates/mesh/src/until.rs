//! Futures and bodies that end when their time is up. A timer is armed when what it limits is first pending: most calls that are
//! answered at once never see one. Of limits within limits one alone has a timer: the one whose time is up first.

mod body;
mod future;
mod inside;
mod refusing;

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

pub use self::{
    body::UntilBody,
    future::{Until, UntilWhole},
    refusing::OrRefused,
};
use crate::BoxError;

/// How long something may take, and what it ends with when it has not ended by then.
pub trait Limit: Sized {
    /// When its time is up. Asked when it is first pending.
    fn at(&self) -> Instant;

    /// What limits the body of the answer, now that its headers are there.
    fn of_body(self) -> Option<Self>;

    /// Counts it, and says what it was.
    fn over(&self) -> BoxError;

    /// Whether it limits a call of gRPC's, whose body ends with trailers that say so and not with an error: of that its client would make UNKNOWN.
    fn by_grpc(&self) -> bool {
        false
    }
}

/// Ready with an error when the time is up: what is polled whenever something limited is pending. `armed` says that this is the timer's first time.
///
/// The clock is asked beside the timer: of two limits that end at the same moment, the inner one is then seen to have ended, in
/// whatever order the runtime's timers fire. So a breaker between them hears of a time-out and not of a caller who has left.
fn poll_over<L: Limit>(
    sleep: Pin<&mut Sleep>,
    armed: bool,
    limit: &L,
    context: &mut Context<'_>,
) -> Poll<BoxError> {
    let at = sleep.deadline();
    if sleep.poll(context).is_ready() || (!armed && Instant::now() >= at) {
        return Poll::Ready(limit.over());
    }
    Poll::Pending
}

/// So long after a moment; as long as tokio's timers reach, if that is out of range.
pub(crate) fn after(moment: Instant, time: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_secs(30 * 365 * 86_400);
    moment.checked_add(time.min(THIRTY_YEARS)).unwrap_or(moment)
}
