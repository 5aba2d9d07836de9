//! For how long a breaker stays open.

use std::time::Duration;

use super::policy::Backoff;

impl Backoff {
    /// The back-off after so many that were in vain, longer by a part of itself that `random` (0 to 1) chooses.
    pub(crate) fn after(&self, in_vain: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(in_vain.min(31)));
        let wait = doubled.min(self.longest);
        wait.saturating_add(wait.mul_f64(self.jitter * random))
    }
}
