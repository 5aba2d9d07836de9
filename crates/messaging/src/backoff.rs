//! How long to wait before the next attempt.

use std::time::Duration;

use uuid::Uuid;

use crate::partition::Hasher;

/// Exponential backoff with jitter.
///
/// The jitter is a hash of what is being attempted and of the attempt's number: things that failed together are
/// tried again apart, and a run can be repeated exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before the second attempt.
    pub first: Duration,
    /// The longest wait before any attempt.
    pub max: Duration,
}

/// 50 ms, doubling to 10 s.
impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), max: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// The wait after `failures` failed attempts at `id`: between half and all of `first`, doubled with every
    /// failure after the first, up to `max`.
    #[must_use]
    pub fn wait(&self, id: Uuid, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.max);
        let hash = Hasher::new().bytes(id.as_bytes()).bytes(&failures.to_le_bytes()).finish();
        let thousandths = 500 + u32::try_from(hash % 501).unwrap_or(500);
        // Micros and no finer: what is stored can tell this wait from no other.
        Duration::from_micros(
            u64::try_from(whole.as_micros()).unwrap_or(u64::MAX) / 1_000 * u64::from(thousandths),
        )
    }
}

/// A duration as stores count it, in microseconds.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_wait_is_between_half_and_all_of_what_doubles(id: u128, failures in 1..100_u32) {
            let backoff = Backoff::default();
            let whole = Duration::from_millis(50 << (failures - 1).min(20)).min(Duration::from_secs(10));
            let wait = backoff.wait(Uuid::from_u128(id), failures);
            prop_assert!(whole / 2 <= wait && wait <= whole, "{wait:?} of {whole:?}");
            prop_assert_eq!(wait, backoff.wait(Uuid::from_u128(id), failures));
        }
    }

    #[test]
    fn things_that_failed_together_are_tried_again_apart() {
        let waits: std::collections::BTreeSet<Duration> =
            (0..100).map(|id| Backoff::default().wait(Uuid::from_u128(id), 1)).collect();
        assert!(waits.len() > 80, "{} different waits of 100", waits.len());
    }
}
