//! Which endpoints do worse than the others, and for how long they are left out. Time comes as a value; nothing here is locked.
//!
//! The two rules are Envoy's (its documentation on outlier detection); that the time of an ejection grows by each and shrinks again while the
//! endpoint is well, and that it ends only at the end of an interval, is gRPC's (proposal A50).

use std::{sync::atomic::Ordering, time::Duration};

use serde::{Deserialize, Serialize};

use super::event::Reason;
use crate::{
    clock::Moment,
    policy::{Problems, durations},
    sync::AtomicU64,
};

/// When endpoints are ejected, and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outlier {
    /// After so many failures without a success between them, from 1. `None`: it does not look at that. Default: 5.
    pub consecutive_failures: Option<u32>,
    /// When its share of successes is far below the others'. `None`: it does not look at that.
    pub success_rate: Option<SuccessRate>,
    /// How often shares are compared, and ejections are looked at whether they are over, 10 ms to 1 h. Default: 10 s.
    #[serde(with = "durations")]
    pub interval: Duration,
    /// How long the first ejection lasts at least; each next one lasts so much longer, 1 ms to 1 h. Default: 30 s.
    #[serde(with = "durations")]
    pub base: Duration,
    /// How long an ejection lasts at most, from `base` to 24 h. Default: 300 s.
    #[serde(with = "durations")]
    pub longest: Duration,
    /// How many percent of the endpoints are ejected at most, 1 to 100: at least one, but never the last one. Default: 10.
    pub max_percent: u8,
    /// How many percent of the ejections are made, 0 to 100; the others are only told. Default: 100.
    pub enforce_percent: u8,
}

/// When a share of successes is far below the others'.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessRate {
    /// So many standard deviations below the mean, more than 0 to 10. Default: 1.9.
    pub deviations: f64,
    /// And so many percentage points below it: where all do alike, the deviation is next to nothing, and somebody is always below. 0 to 50. Default: 5.
    pub margin: u8,
    /// Only if so many endpoints have enough calls in the interval, 2 to 10,000. Default: 5.
    pub minimum_endpoints: usize,
    /// How many calls are enough, 1 to 1,000,000. Default: 100.
    pub minimum_calls: u32,
}

impl Default for SuccessRate {
    fn default() -> Self {
        Self { deviations: 1.9, margin: 5, minimum_endpoints: 5, minimum_calls: 100 }
    }
}

impl Default for Outlier {
    fn default() -> Self {
        Self {
            consecutive_failures: Some(5),
            success_rate: Some(SuccessRate::default()),
            interval: Duration::from_secs(10),
            base: Duration::from_secs(30),
            longest: Duration::from_secs(300),
            max_percent: 10,
            enforce_percent: 100,
        }
    }
}

impl Outlier {
    pub(super) fn check(&self, problems: &mut Problems) {
        let (hour, millis) = (Duration::from_secs(3600), Duration::from_millis);
        problems.check(self.consecutive_failures != Some(0), "consecutive_failures", "from 1");
        if let Some(rate) = &self.success_rate {
            let deviations = rate.deviations > 0.0 && rate.deviations <= 10.0;
            problems.check(deviations, "success_rate.deviations", "more than 0 to 10");
            problems.check(rate.margin <= 50, "success_rate.margin", "0 to 50");
            let endpoints = (2..=10_000).contains(&rate.minimum_endpoints);
            problems.check(endpoints, "success_rate.minimum_endpoints", "2 to 10,000");
            let calls = (1..=1_000_000).contains(&rate.minimum_calls);
            problems.check(calls, "success_rate.minimum_calls", "1 to 1,000,000");
        }
        problems.check((millis(10)..=hour).contains(&self.interval), "interval", "10 ms to 1 h");
        problems.check((millis(1)..=hour).contains(&self.base), "base", "1 ms to 1 h");
        problems.check((self.base..=hour * 24).contains(&self.longest), "longest", "`base` to 24 h");
        problems.check((1..=100).contains(&self.max_percent), "max_percent", "1 to 100");
        problems.check(self.enforce_percent <= 100, "enforce_percent", "0 to 100");
    }

    /// Whether one more of `endpoints` may be ejected when so many are out already, be it by ejections or by open breakers.
    pub(super) fn allows(&self, endpoints: usize, out: usize) -> bool {
        let share = endpoints.saturating_mul(self.max_percent.into()) / 100;
        out < share.max(1).min(endpoints.saturating_sub(1))
    }

    /// How long an ejection lasts that is the so-manieth.
    pub(super) fn lasts(&self, ejections: u32) -> Duration {
        self.base.saturating_mul(ejections).min(self.longest)
    }
}

impl SuccessRate {
    /// Which of the tallies are far below the others, the worst first, each with its share and what it had to reach.
    pub(super) fn outliers(&self, tallies: &[Tally]) -> Vec<(usize, Reason)> {
        let enough = |tally: &Tally| tally.calls >= self.minimum_calls;
        let shares: Vec<_> = tallies.iter().enumerate().filter(|(_, tally)| enough(tally)).collect();
        if shares.len() < self.minimum_endpoints {
            return vec![];
        }
        let count = shares.len() as f64;
        let mean = shares.iter().map(|(_, tally)| tally.share()).sum::<f64>() / count;
        let variance = shares.iter().map(|(_, tally)| (tally.share() - mean).powi(2)).sum::<f64>() / count;
        let least = mean - (self.deviations * variance.sqrt()).max(f64::from(self.margin) / 100.0);
        let mut outliers: Vec<_> = shares.iter().filter(|(_, tally)| tally.share() < least).collect();
        outliers.sort_by(|(_, one), (_, other)| one.share().total_cmp(&other.share()));
        let percent = |share: f64| (share * 100.0).round().clamp(0.0, 100.0) as u8;
        let reason = |share| Reason::SuccessRate { percent: percent(share), least: percent(least) };
        outliers.into_iter().map(|(index, tally)| (*index, reason(tally.share()))).collect()
    }
}

/// What an endpoint's calls of an interval came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) calls: u32,
    pub(super) successes: u32,
}

impl Tally {
    fn share(&self) -> f64 {
        f64::from(self.successes) / f64::from(self.calls.max(1))
    }
}

/// What is counted of an endpoint's calls.
#[derive(Debug, Default)]
pub(super) struct Record {
    in_a_row: AtomicU64,
    /// `calls: 32 | successes: 32` of this interval.
    tally: AtomicU64,
}

impl Record {
    /// Counts a call; how many failures in a row there are with it.
    pub(super) fn count(&self, success: bool) -> u64 {
        self.tally.fetch_add(1 << 32 | u64::from(success), Ordering::Relaxed);
        if !success {
            return self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        }
        // Most calls succeed after one that did: they only look.
        if self.in_a_row.load(Ordering::Relaxed) > 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        0
    }

    /// Counts failures in a row anew.
    pub(super) fn forgive(&self) {
        self.in_a_row.store(0, Ordering::Relaxed);
    }

    /// Ends the interval.
    pub(super) fn take(&self) -> Tally {
        let tally = self.tally.swap(0, Ordering::Relaxed);
        Tally { calls: (tally >> 32) as u32, successes: tally as u32 }
    }
}

/// Whether an endpoint is ejected, and how often it was of late.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ejection {
    until: Option<Moment>,
    times: u32,
}

impl Ejection {
    pub(super) fn is_out(&self) -> bool {
        self.until.is_some()
    }

    /// Ejects it; for how long.
    pub(super) fn begin(&mut self, now: Moment, policy: &Outlier) -> Duration {
        self.times = self.times.saturating_add(1);
        let lasts = policy.lasts(self.times);
        self.until = Some(now + lasts);
        lasts
    }

    /// Ends it, if its time is over.
    pub(super) fn end(&mut self, now: Moment) -> bool {
        self.until.take_if(|until| *until <= now).is_some()
    }

    /// An interval was healthy.
    pub(super) fn forgive(&mut self) {
        self.times = self.times.saturating_sub(1);
    }
}
