//! For how long a breaker stays open.

use std::time::Duration;

use super::policy::Backoff;

impl Backoff {
    /// The back-off after so many that were in vain, longer by a part of itself that `random` (0 to 1) chooses.
    pub(super) fn after(&self, in_vain: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(in_vain.min(31)));
        let wait = doubled.min(self.longest);
        wait.saturating_add(wait.mul_f64(self.jitter * random))
    }
}

/// SplitMix64: random enough to keep breakers apart, and repeatable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    /// The next number, from 0 to less than 1.
    pub(super) fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are all that an f64 has")]
        let part = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
        part
    }
}
