//! How a Service is followed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    circuit_breaker::Backoff,
    policy::{Problems, durations},
};

/// How a Service is followed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// For how long a watch is asked for, 1 s to 5 min, in whole seconds. One that has not ended 5 s after that is dead, so this is how
    /// long a connection that broke unseen goes unnoticed. Default: 60 s.
    #[serde(with = "durations")]
    pub watch: Duration,
    /// How long a list may take, with all its pages, 1 s to 5 min. Default: 30 s.
    #[serde(with = "durations")]
    pub list_timeout: Duration,
    /// The pause after something went wrong. Default: 250 ms to 30 s.
    pub backoff: Backoff,
}

impl Default for Policy {
    fn default() -> Self {
        let backoff = Backoff {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(30),
            ..Backoff::default()
        };
        Self { watch: Duration::from_secs(60), list_timeout: Duration::from_secs(30), backoff }
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
        let range = Duration::from_secs(1)..=Duration::from_secs(300);
        let whole = self.watch.subsec_nanos() == 0;
        problems.check(whole && range.contains(&self.watch), "watch", "1 s to 5 min, in whole seconds");
        problems.check(range.contains(&self.list_timeout), "list_timeout", "1 s to 5 min");
        problems.within("backoff", |problems| self.backoff.check(problems));
    }
}
