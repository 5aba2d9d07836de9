//! How long a try may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How long a try may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Until the headers of its answer are there, 1 ms to 1 h. Default: 5 s.
    #[serde(with = "durations")]
    pub headers: Duration,
    /// Until the last byte of its answer is there, `headers` to 24 h. Default: `None`, which leaves that to the call's deadline.
    #[serde(with = "durations::optional")]
    pub whole: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { headers: Duration::from_secs(5), whole: None }
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

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
        let headers = (Duration::from_millis(1)..=HOUR).contains(&self.headers);
        problems.check(headers, "headers", "1 ms to 1 h");
        let whole = self.whole.is_none_or(|whole| (self.headers..=HOUR * 24).contains(&whole));
        problems.check(whole, "whole", "`headers` to 24 h");
    }
}
