//! How calls are spread, and which endpoints are left out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outlier::Outlier;
use crate::{
    InvalidPolicy, circuit_breaker,
    policy::{Problems, durations},
};

/// How calls are spread over endpoints, and which of them are left out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long an endpoint's time to answer is remembered: after so long, 63 % of a difference are forgotten. 10 ms to 1 h. Default: 10 s.
    #[serde(with = "durations")]
    pub memory: Duration,
    /// A call that fails, or is throttled, counts as one that took so many times as long as is usual, 1 to 1,000. Default: 10.
    pub failure_factor: f64,
    /// How an endpoint that is new, or returns from an ejection, begins. `None`: with all of its share. Default: 10 s, from 10 %.
    pub slow_start: Option<SlowStart>,
    /// With fewer than so many percent of the endpoints eligible, ejections and slow start are ignored, 0 to 100; at 0 only when none is
    /// eligible. Default: 50.
    pub panic_percent: u8,
    /// The breaker that each endpoint has. `None`: it has none. Default: a breaker's own defaults.
    pub breaker: Option<circuit_breaker::Policy>,
    /// How endpoints that do worse than the others are ejected. `None`: never. Default: that of its own.
    pub outlier: Option<Outlier>,
    /// Errors of calls that were under way together, and ended so soon after the first, count once: that is how a connection dies which
    /// many calls shared. Up to 1 s. Default: 10 ms.
    #[serde(with = "durations")]
    pub together: Duration,
    /// How long callers wait for the first set of endpoints, 1 ms to 1 h; then there are none. Default: 5 s.
    #[serde(with = "durations")]
    pub first_set_within: Duration,
}

/// How an endpoint begins: its share grows evenly until it is as large as the others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlowStart {
    /// For how long, 1 ms to 1 h. Default: 10 s.
    #[serde(with = "durations")]
    pub window: Duration,
    /// With how many percent of its share it begins, 1 to 100. Default: 10.
    pub from_percent: u8,
}

impl Default for SlowStart {
    fn default() -> Self {
        Self { window: Duration::from_secs(10), from_percent: 10 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            memory: Duration::from_secs(10),
            failure_factor: 10.0,
            slow_start: Some(SlowStart::default()),
            panic_percent: 50,
            breaker: Some(circuit_breaker::Policy::default()),
            outlier: Some(Outlier::default()),
            together: Duration::from_millis(10),
            first_set_within: Duration::from_secs(5),
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

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
        let millis = Duration::from_millis;
        problems.check((millis(10)..=HOUR).contains(&self.memory), "memory", "10 ms to 1 h");
        let factor = (1.0..=1000.0).contains(&self.failure_factor);
        problems.check(factor, "failure_factor", "1 to 1,000");
        if let Some(slow_start) = &self.slow_start {
            problems.within("slow_start", |problems| {
                problems.check((millis(1)..=HOUR).contains(&slow_start.window), "window", "1 ms to 1 h");
                let percent = (1..=100).contains(&slow_start.from_percent);
                problems.check(percent, "from_percent", "1 to 100");
            });
        }
        problems.check(self.panic_percent <= 100, "panic_percent", "0 to 100");
        if let Some(breaker) = &self.breaker {
            problems.within("breaker", |problems| breaker.check(problems));
        }
        if let Some(outlier) = &self.outlier {
            problems.within("outlier", |problems| outlier.check(problems));
        }
        problems.check(self.together <= millis(1000), "together", "up to 1 s");
        let first_set = (millis(1)..=HOUR).contains(&self.first_set_within);
        problems.check(first_set, "first_set_within", "1 ms to 1 h");
    }
}
