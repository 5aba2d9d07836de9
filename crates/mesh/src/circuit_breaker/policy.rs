//! When a breaker trips, and how it comes back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// When a breaker trips, and how it comes back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Trips on so many failures without a success between them, from 1. `None`: it does not look at that. Default: 5.
    pub consecutive_failures: Option<u32>,
    /// Trips when so many percent of the window's calls have failed, 1 to 100. Default: 50.
    pub failure_percent: Option<u8>,
    /// Trips when many calls are slow. Default: `None`.
    pub slow_calls: Option<SlowCalls>,
    /// Over how long the shares are taken, 10 ms to 1 h. Default: 10 s.
    #[serde(with = "durations")]
    pub window: Duration,
    /// Of how many buckets the window is made, 2 to 60; the oldest is forgotten as a whole. Default: 10.
    pub buckets: usize,
    /// Of fewer calls in the window no share is taken, 1 to 100,000. Default: 20.
    pub minimum_calls: u32,
    /// Whether calls that were throttled count as failures. Default: false, they count as nothing.
    pub throttled_fails: bool,
    /// For how long it stays open.
    pub open: Backoff,
    /// `Retry-After` is honoured up to this. Default: 300 s.
    #[serde(with = "durations")]
    pub retry_after_at_most: Duration,
    /// How many probes must succeed, and how many are let through at a time, 1 to 100. Default: 1.
    pub probes: u32,
    /// A probe that was not heard of for so long gives its place back, 1 ms to 1 h. Default: 30 s.
    #[serde(with = "durations")]
    pub lease: Duration,
}

/// When slow calls trip a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlowCalls {
    /// A call is slow that takes so long or longer, from 1 µs.
    #[serde(with = "durations")]
    pub from: Duration,
    /// Trips when so many percent of the window's calls were slow, 1 to 100.
    pub percent: u8,
}

/// Doubles from `first` to `longest`; each is longer by a random part of up to `jitter`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// From 1 ms. Default: 1 s.
    #[serde(with = "durations")]
    pub first: Duration,
    /// From `first` to 1 h. Default: 60 s.
    #[serde(with = "durations")]
    pub longest: Duration,
    /// 0 to 1. Default: 0.5.
    pub jitter: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.5 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            consecutive_failures: Some(5),
            failure_percent: Some(50),
            slow_calls: None,
            window: Duration::from_secs(10),
            buckets: 10,
            minimum_calls: 20,
            throttled_fails: false,
            open: Backoff::default(),
            retry_after_at_most: Duration::from_secs(300),
            probes: 1,
            lease: Duration::from_secs(30),
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
        let percent = |percent: u8| (1..=100).contains(&percent);
        let millis = Duration::from_millis;
        let slow = self.slow_calls.as_ref();
        let something =
            self.consecutive_failures.is_some() || self.failure_percent.is_some() || slow.is_some();
        problems.check(
            something,
            "consecutive_failures",
            "this, `failure_percent` or `slow_calls` must be set",
        );
        problems.check(self.consecutive_failures != Some(0), "consecutive_failures", "from 1");
        problems.check(self.failure_percent.is_none_or(percent), "failure_percent", "1 to 100");
        problems.check(
            slow.is_none_or(|slow| slow.from >= Duration::from_micros(1)),
            "slow_calls.from",
            "from 1 µs",
        );
        problems.check(slow.is_none_or(|slow| percent(slow.percent)), "slow_calls.percent", "1 to 100");
        problems.check((millis(10)..=HOUR).contains(&self.window), "window", "10 ms to 1 h");
        problems.check((2..=60).contains(&self.buckets), "buckets", "2 to 60");
        problems.check((1..=100_000).contains(&self.minimum_calls), "minimum_calls", "1 to 100,000");
        problems.within("open", |problems| self.open.check(problems));
        problems.check(self.retry_after_at_most <= HOUR, "retry_after_at_most", "up to 1 h");
        problems.check((1..=100).contains(&self.probes), "probes", "1 to 100");
        problems.check((millis(1)..=HOUR).contains(&self.lease), "lease", "1 ms to 1 h");
    }

    /// Whether shares are looked at.
    pub(super) fn has_window(&self) -> bool {
        self.failure_percent.is_some() || self.slow_calls.is_some()
    }
}

impl Backoff {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((Duration::from_millis(1)..=HOUR).contains(&self.first), "first", "1 ms to 1 h");
        problems.check((self.first..=HOUR).contains(&self.longest), "longest", "`first` to 1 h");
        problems.check((0.0..=1.0).contains(&self.jitter), "jitter", "0 to 1");
    }
}
