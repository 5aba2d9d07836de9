//! The only place that reads the system's clock, and the store's time, which never goes backwards.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time in microseconds since the Unix epoch, UTC.
///
/// It may jump in both directions, as system clocks do; [`Database::now`](crate::Database::now) does not.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that asks `read` for the microseconds since the Unix epoch.
    pub fn new(read: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(system_micros)
    }

    /// A clock that stands still at `micros` until its hands are moved.
    #[must_use]
    pub fn manual(micros: i64) -> (Self, ManualClock) {
        let hands = ManualClock(Arc::new(AtomicI64::new(micros)));
        (hands.clock(), hands)
    }

    /// Microseconds since the Unix epoch, negative before it.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// The hands of a clock made by [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows what these hands say.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Clock::new(move || hands.load(Ordering::SeqCst))
    }

    /// Puts the hands at `micros` since the Unix epoch, be it earlier than before.
    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    /// Moves the hands forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(micros(by), Ordering::SeqCst);
    }
}

/// The latest instant that a store has told, shared by all connections to it.
#[derive(Debug)]
pub(crate) struct StoreClock {
    clock: Clock,
    latest: AtomicI64,
}

impl StoreClock {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, latest: AtomicI64::new(i64::MIN) }
    }

    /// The clock's time, or the latest instant told so far if the clock is behind that.
    pub(crate) fn now(&self) -> i64 {
        let clock = self.clock.now();
        self.latest.fetch_max(clock, Ordering::SeqCst).max(clock)
    }

    /// Learns an instant that the store has recorded, in an earlier run or by another process.
    pub(crate) fn observe(&self, recorded: i64) {
        self.latest.fetch_max(recorded, Ordering::SeqCst);
    }
}

/// A duration in whole microseconds, at most `i64::MAX` of them.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that the ban points to")]
fn system_micros() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}
