//! How many calls are made at a time, and what becomes of the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Priority;
use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How many calls are made at a time, and what becomes of the others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How many. Default: one that finds itself.
    pub limit: Limit,
    /// At what shares of the limit calls are shed, by their priority.
    pub shares: Shares,
    /// Where calls wait for which there is no room. Default: `None`, they are refused at once.
    pub queue: Option<Queue>,
    /// For so many percent of the calls without room the policy is enforced, 0 to 100. The others go through and are counted as what would have
    /// been shed: with 0 it is only observed, and the floor of an adaptive limit is then what calls take under whatever load there is.
    /// Default: 100.
    pub enforce: u8,
    /// What a refused caller is told as the time after which another try may be worth it, up to 1 h. 0 s: nothing. Default: 1 s.
    #[serde(with = "durations")]
    pub retry_after: Duration,
}

/// How many calls are made at a time.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So many, 1 to 1,000,000.
    Fixed(u32),
    /// As many as do not make the service slower.
    Adaptive(Adaptive),
}

/// A limit that finds itself, by the rules of the [module](super#the-adaptive-limit).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adaptive {
    /// Where it begins, from `least` to `most`. Default: 20.
    pub initial: u32,
    /// From 1. Default: 4.
    pub least: u32,
    /// From `least` to 1,000,000. Default: 1,000.
    pub most: u32,
    /// How many times the floor a call may take before the limit sinks, 1.1 to 10. More of it makes for a higher limit, and a longer queue
    /// inside of the service. Default: 1.5.
    pub tolerance: f64,
    /// How long the calls of a decision are collected at least, 1 ms to 1 min. Default: 100 ms.
    #[serde(with = "durations")]
    pub window: Duration,
    /// And how many at least, 1 to 10,000. Default: 10.
    pub window_calls: u32,
    /// How often the floor is measured again, 1 s to 1 h, each time up to a tenth of it sooner or later. Default: 30 s.
    #[serde(with = "durations")]
    pub floor_every: Duration,
    /// Of how many calls the floor is the mean, from `window_calls` to 10,000. Default: 50.
    pub floor_calls: u32,
}

/// Calls of a priority find room while fewer than this share of the limit are under way, and a place in the queue while fewer than this
/// share of its places are taken. In percent; a part of a place is a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// 1 to `normal`. Default: 75.
    pub background: u8,
    /// 1 to 100. Default: 100.
    pub normal: u8,
    /// `normal` to 200. Default: 120, so that there is room for critical calls where normal ones have filled the limit.
    pub critical: u8,
}

/// Where calls wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// How many, 1 to 100,000. Default: 100.
    pub places: u32,
    /// For how long at most, 1 ms to 1 min. Default: 100 ms.
    #[serde(with = "durations")]
    pub time: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            limit: Limit::Adaptive(Adaptive::default()),
            shares: Shares::default(),
            queue: None,
            enforce: 100,
            retry_after: Duration::from_secs(1),
        }
    }
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            initial: 20,
            least: 4,
            most: 1_000,
            tolerance: 1.5,
            window: Duration::from_millis(100),
            window_calls: 10,
            floor_every: Duration::from_secs(30),
            floor_calls: 50,
        }
    }
}

impl Default for Shares {
    fn default() -> Self {
        Self { background: 75, normal: 100, critical: 120 }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self { places: 100, time: Duration::from_millis(100) }
    }
}

/// The highest limit.
const MOST: u32 = 1_000_000;

impl Policy {
    /// So many calls at a time, otherwise as by default.
    #[must_use]
    pub fn fixed(limit: u32) -> Self {
        Self { limit: Limit::Fixed(limit), ..Self::default() }
    }

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
        match &self.limit {
            Limit::Fixed(limit) => {
                problems.check((1..=MOST).contains(limit), "limit.fixed", "1 to 1,000,000");
            }
            Limit::Adaptive(adaptive) => {
                problems.within("limit.adaptive", |problems| adaptive.check(problems));
            }
        }
        problems.within("shares", |problems| self.shares.check(problems));
        if let Some(queue) = &self.queue {
            problems.within("queue", |problems| queue.check(problems));
        }
        problems.check(self.enforce <= 100, "enforce", "0 to 100");
        problems.check(self.retry_after <= HOUR, "retry_after", "up to 1 h");
    }

    /// What a refused caller is told.
    pub(super) fn retry_in(&self) -> Option<Duration> {
        (!self.retry_after.is_zero()).then_some(self.retry_after)
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const MILLISECOND: Duration = Duration::from_millis(1);

impl Adaptive {
    fn check(&self, problems: &mut Problems) {
        problems.check((1..=MOST).contains(&self.least), "least", "1 to 1,000,000");
        problems.check((self.least..=MOST).contains(&self.most), "most", "`least` to 1,000,000");
        problems.check((self.least..=self.most).contains(&self.initial), "initial", "`least` to `most`");
        problems.check((1.1..=10.0).contains(&self.tolerance), "tolerance", "1.1 to 10");
        problems.check((MILLISECOND..=MINUTE).contains(&self.window), "window", "1 ms to 1 min");
        problems.check((1..=10_000).contains(&self.window_calls), "window_calls", "1 to 10,000");
        let floor_every = Duration::from_secs(1)..=HOUR;
        problems.check(floor_every.contains(&self.floor_every), "floor_every", "1 s to 1 h");
        let floor_calls = self.window_calls..=10_000;
        problems.check(floor_calls.contains(&self.floor_calls), "floor_calls", "`window_calls` to 10,000");
    }
}

impl Shares {
    fn check(&self, problems: &mut Problems) {
        problems.check((1..=self.normal).contains(&self.background), "background", "1 to `normal`");
        problems.check((1..=100).contains(&self.normal), "normal", "1 to 100");
        problems.check((self.normal..=200).contains(&self.critical), "critical", "`normal` to 200");
    }

    /// How much of so much there is for calls of this priority, 1 at least.
    #[inline]
    pub(super) const fn of(&self, whole: u32, priority: Priority) -> u32 {
        let percent = match priority {
            Priority::Background => self.background,
            Priority::Normal => self.normal,
            Priority::Critical => self.critical,
        };
        (whole * percent as u32).div_ceil(100)
    }
}

impl Queue {
    fn check(&self, problems: &mut Problems) {
        problems.check((1..=100_000).contains(&self.places), "places", "1 to 100,000");
        problems.check((MILLISECOND..=MINUTE).contains(&self.time), "time", "1 ms to 1 min");
    }
}
