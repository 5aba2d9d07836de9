//! How many calls a key may have, and how many keys there may be.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How many calls a key may have, and how many keys there may be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How many calls of a key may be under way, 1 to 1,000,000. Default: 10.
    pub limit: u32,
    /// How many keys can have calls under way before further ones share a compartment, 1 to 1,000,000. Default: 1,000.
    pub keys: u32,
    /// What a refused caller is told as the time after which another try may be worth it, up to 1 h. 0 s: nothing. Default: 1 s.
    #[serde(with = "durations")]
    pub retry_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { limit: 10, keys: 1_000, retry_after: Duration::from_secs(1) }
    }
}

impl Policy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((1..=1_000_000).contains(&self.limit), "limit", "1 to 1,000,000");
        problems.check((1..=1_000_000).contains(&self.keys), "keys", "1 to 1,000,000");
        problems.check(self.retry_after <= Duration::from_secs(3600), "retry_after", "up to 1 h");
    }
}
