//! A limit that finds itself, without a clock and without a service: times and outcomes are values.

use std::time::Duration;

use super::Adaptive;
use crate::{
    classify::{Outcome, Verdict},
    clock::{Moment, nanos},
    random::Random,
};

/// The rules are those of the module's documentation. Two of its numbers have a reason that is not told there:
///
/// - To measure the floor the limit is lowered to 1 / (2 · tolerance) of itself. Where the floor was k times too high, the limit settled at about
///   k · tolerance times what the service can do at a time; then what is measured under the lowered one is k / 2 times too high at
///   most, and so an error ends after a few measurements.
/// - A mean that is lower than the floor does not lower it: it may be the mix of calls of one moment.
#[derive(Debug)]
pub(super) struct Gradient {
    policy: Adaptive,
    /// What it is while no floor is measured.
    limit: f64,
    /// In nanoseconds; `None` until it has been measured.
    floor: Option<f64>,
    measuring: bool,
    measure_at: Moment,
    measured: u64,
    /// The highest limit since the floor was measured last.
    highest: f64,
    window: Window,
    random: Random,
}

/// Calls that began and ended since.
#[derive(Debug)]
struct Window {
    begun: Moment,
    calls: u32,
    nanos: u64,
    throttled: u32,
    most_under_way: u32,
}

impl Gradient {
    pub(super) fn new(policy: Adaptive, seed: u64, now: Moment) -> Self {
        Self {
            limit: f64::from(policy.initial),
            policy,
            floor: None,
            measuring: true,
            measure_at: now,
            measured: 0,
            highest: 0.0,
            window: Window::new(now),
            random: Random(seed),
        }
    }

    /// How many calls may be under way.
    pub(super) fn limit(&self) -> u32 {
        let lowered = self.measuring && self.floor.is_some();
        let limit = if lowered { self.limit / (2.0 * self.policy.tolerance) } else { self.limit };
        // It lies between 1 and a million.
        limit.round().max(1.0) as u32
    }

    /// What a call takes where nothing waits.
    pub(super) fn floor(&self) -> Option<Duration> {
        self.floor.map(|floor| Duration::from_nanos(floor as u64))
    }

    /// How often the floor was measured.
    pub(super) fn measured(&self) -> u64 {
        self.measured
    }

    /// A call ended beside which so many were under way, itself among them. Whether the limit may have changed.
    pub(super) fn ended(&mut self, began: Moment, now: Moment, under_way: u32, verdict: Verdict) -> bool {
        self.window.most_under_way = self.window.most_under_way.max(under_way);
        if began >= self.window.begun {
            self.window.count(now.since(began), verdict);
        }
        let lasted = now.since(self.window.begun);
        if lasted < self.policy.window {
            return false;
        }
        if self.measuring { self.measure(now, lasted) } else { self.decide(now) }
    }

    /// Ends a measurement that has seen enough calls; fewer will do after a tenth of the time between two, and after half of it the floor
    /// stays what it was.
    fn measure(&mut self, now: Moment, lasted: Duration) -> bool {
        let due = self.policy.floor_every;
        let least = if lasted < due / 10 { self.policy.floor_calls } else { self.policy.window_calls };
        if self.window.calls >= least {
            self.floor = self.window.mean();
            self.measured += 1;
        } else if self.floor.is_none() || lasted < due / 2 {
            return false;
        }
        self.measuring = false;
        self.highest = self.limit;
        let jitter = 0.9 + 0.2 * self.random.part();
        self.measure_at = now + due.mul_f64(jitter);
        self.window = Window::new(now);
        true
    }

    fn decide(&mut self, now: Moment) -> bool {
        // Where a lower limit makes nothing faster it is the service that has become slower.
        if now >= self.measure_at || self.limit * 2.0 <= self.highest {
            self.measuring = true;
        } else {
            let calls = self.window.calls.saturating_add(self.window.throttled);
            if calls < self.policy.window_calls {
                return false;
            }
            let (least, most) = (f64::from(self.policy.least), f64::from(self.policy.most));
            self.limit = self.next(calls).clamp(least, most);
            self.highest = self.highest.max(self.limit);
        }
        self.window = Window::new(now);
        true
    }

    /// The limit after a window.
    fn next(&self, calls: u32) -> f64 {
        if self.window.throttled >= calls.div_ceil(10) {
            return self.limit * 0.9;
        }
        let (Some(floor), Some(mean)) = (self.floor, self.window.mean()) else { return self.limit };
        if f64::from(self.window.most_under_way) * 2.0 < self.limit {
            return self.limit;
        }
        let gradient = (floor * self.policy.tolerance / mean).clamp(0.5, 1.0);
        self.limit * gradient + self.limit.sqrt()
    }
}

impl Window {
    fn new(begun: Moment) -> Self {
        Self { begun, calls: 0, nanos: 0, throttled: 0, most_under_way: 0 }
    }

    fn count(&mut self, took: Duration, verdict: Verdict) {
        match verdict.outcome {
            Outcome::Success if verdict.timed => {
                self.calls += 1;
                // No call takes nothing, even where a clock cannot tell.
                self.nanos = self.nanos.saturating_add(nanos(took).max(1));
            }
            Outcome::Throttled => self.throttled += 1,
            Outcome::Success | Outcome::Failure | Outcome::Refusal | Outcome::Cancelled => {}
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.nanos as f64 / f64::from(self.calls))
    }
}
