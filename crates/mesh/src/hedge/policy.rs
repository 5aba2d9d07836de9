//! When a call is hedged.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy, budget,
    policy::{Problems, durations},
    replay::BODY_LIMIT,
};

/// When a call is hedged.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// A hedge is due when the call takes longer than so many percent of the calls, 50 to 99.9. Default: 95.
    pub percentile: f64,
    /// But not before so long, up to 1 min. Default: 10 ms.
    #[serde(with = "durations")]
    pub not_before: Duration,
    /// Until so many calls are known none is hedged, 1 to 10,000. Default: 100.
    pub minimum_calls: u32,
    /// How many bytes of a body are kept for a hedge, up to 16 MiB. Default: 64 KiB.
    pub body_at_most: u64,
    /// Whether every call of this route can be made twice to the same effect as once, whatever its method is. Default: false.
    pub idempotent: bool,
    /// For a budget of its own; one that is [shared](super::Builder::new) has its own policy.
    pub budget: budget::Policy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            percentile: 95.0,
            not_before: Duration::from_millis(10),
            minimum_calls: 100,
            body_at_most: 64 << 10,
            idempotent: false,
            budget: budget::Policy::default(),
        }
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
        problems.check((50.0..=99.9).contains(&self.percentile), "percentile", "50 to 99.9");
        problems.check(self.not_before <= Duration::from_secs(60), "not_before", "up to 1 min");
        problems.check((1..=10_000).contains(&self.minimum_calls), "minimum_calls", "1 to 10,000");
        problems.check(self.body_at_most <= BODY_LIMIT, "body_at_most", "up to 16 MiB");
        problems.within("budget", |problems| self.budget.check(problems));
    }
}
