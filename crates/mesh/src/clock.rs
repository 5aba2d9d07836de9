//! What time it is, as a layer asks.

use std::{ops::Add, time::Duration};

use tokio::time::Instant;

/// A time in nanoseconds since its clock's beginning, which reaches for 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// So many nanoseconds after the beginning.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// How many nanoseconds after the beginning.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier`; nothing if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanos(time)))
    }
}

/// A clock that never goes back.
pub trait Clock: Clone + Send + Sync + 'static {
    /// What time it is.
    fn now(&self) -> Moment;
}

/// tokio's clock, which tests can pause.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    beginning: Instant,
}

impl Default for TokioClock {
    fn default() -> Self {
        Self { beginning: Instant::now() }
    }
}

impl Clock for TokioClock {
    #[inline]
    fn now(&self) -> Moment {
        Moment(nanos(self.beginning.elapsed()))
    }
}

/// The processor's own counter where it is one that time can be told by, else the system's clock: a read takes about a third of the
/// time of tokio's. Tests cannot pause it. It is scaled once, when the first is made, and not slewed with the system's clock afterwards. Processors may differ by
/// some nanoseconds; what lies before the beginning, or before what it is compared with, is taken for the same time.
#[cfg(feature = "fast-clock")]
#[derive(Clone, Debug)]
pub struct FastClock {
    clock: quanta::Clock,
    beginning: u64,
}

#[cfg(feature = "fast-clock")]
impl Default for FastClock {
    fn default() -> Self {
        let clock = quanta::Clock::new();
        let beginning = clock.raw();
        Self { clock, beginning }
    }
}

#[cfg(feature = "fast-clock")]
impl Clock for FastClock {
    #[inline]
    fn now(&self) -> Moment {
        Moment(self.clock.delta_as_nanos(self.beginning, self.clock.raw()))
    }
}

/// Nanoseconds; those of 584 years if it is longer.
#[inline]
pub(crate) fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}

#[cfg(all(test, feature = "fast-clock", not(any(mesh_loom, mesh_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_fast_clock_goes_on_as_the_system_s_does() {
        let (fast, system) = (FastClock::default(), Instant::now());
        let mut last = fast.now();
        while system.elapsed() < Duration::from_millis(2) {
            let now = fast.now();
            assert!(now >= last || last.since(now) < Duration::from_micros(1));
            last = now;
        }
        assert!(last > Moment::default());
        assert!(fast.now().since(Moment::default()) <= system.elapsed() * 2);
    }
}
