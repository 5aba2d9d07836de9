//! How long to wait before something that failed is tried again.

use std::time::Duration;

use uuid::Uuid;

/// Exponential back-off with jitter.
///
/// The jitter is a hash of what is retried and of the attempt, so that a run can be repeated: among many tasks it is
/// spread as evenly as random numbers would be. After Brooker, *Exponential Backoff and Jitter* (AWS, 2015): here
/// «equal jitter», since a retry must not come at once.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// What the first retry waits at most.
    pub first: Duration,
    /// What any retry waits at most.
    pub most: Duration,
}

impl Default for Backoff {
    /// From 50 ms to 5 s.
    fn default() -> Self {
        Self { first: Duration::from_millis(50), most: Duration::from_secs(5) }
    }
}

impl Backoff {
    /// How long to wait after the failure of this attempt, counted from 0: half of the exponential bound, and a part
    /// of the other half.
    #[must_use]
    pub fn delay(&self, subject: Uuid, attempt: u32) -> Duration {
        let bound =
            self.first.saturating_mul(1_u32.checked_shl(attempt.min(20)).unwrap_or(u32::MAX)).min(self.most);
        let share =
            mix(subject.as_u64_pair().0 ^ subject.as_u64_pair().1.rotate_left(17) ^ u64::from(attempt));
        // The upper 32 bits as a fraction of 2^32.
        let part = bound.as_secs_f64() * 0.5 * ((share >> 32) as f64 / f64::from(u32::MAX));
        bound / 2 + Duration::from_secs_f64(part)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): every bit of the input moves every bit out.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_doubles_up_to_its_bound_and_is_never_below_half_of_it() {
        let backoff = Backoff::default();
        for attempt in 0..40 {
            let bound =
                Duration::from_millis(50).saturating_mul(1 << attempt.min(20)).min(Duration::from_secs(5));
            for subject in 0..100 {
                let delay = backoff.delay(Uuid::from_u128(subject), attempt);
                assert!((bound / 2..=bound).contains(&delay), "{delay:?} after attempt {attempt}");
            }
        }
    }

    #[test]
    fn tasks_that_failed_together_are_not_retried_together() {
        let backoff = Backoff::default();
        let mut delays: Vec<_> = (0..100).map(|subject| backoff.delay(Uuid::from_u128(subject), 5)).collect();
        delays.sort();
        delays.dedup();
        assert!(delays.len() > 95, "only {} different delays", delays.len());
    }
}
