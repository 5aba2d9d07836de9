//! How large a budget is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How large a budget is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// So many further attempts for a hundred first ones, 0 to 100. Default: 20.
    pub percent: u8,
    /// So many further attempts in a window whatever the traffic is, 0 to 10,000. Default: 10.
    pub floor: u32,
    /// How long a window is, 1 s to 60 s. Default: 10 s.
    #[serde(with = "durations")]
    pub window: Duration,
    /// Of how many buckets the window is made, 2 to 60. Default: 10.
    pub buckets: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { percent: 20, floor: 10, window: Duration::from_secs(10), buckets: 10 }
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
        let window = Duration::from_secs(1)..=Duration::from_secs(60);
        problems.check(self.percent <= 100, "percent", "0 to 100");
        problems.check(self.floor <= 10_000, "floor", "0 to 10,000");
        problems.check(window.contains(&self.window), "window", "1 s to 60 s");
        problems.check((2..=60).contains(&self.buckets), "buckets", "2 to 60");
    }
}
