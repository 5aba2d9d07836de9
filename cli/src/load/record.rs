//! What happens in a run, as it happens.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tokio::time::Instant;

use super::{
    Ended, Kind,
    life::{Lived, Why},
    report::{Failed, Orders, Outcomes, Throughput},
    times::Times,
};

/// Failures that are kept with their reasons; the others are only counted.
const KEPT: usize = 20;

/// Seconds that are kept: those of a day.
const SECONDS: usize = 24 * 60 * 60;

/// An order whose turn came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Which one, from 0.
    pub(super) number: u64,
    /// When it should have been sent.
    pub(super) due: Instant,
    /// When the client that sent it had nothing else to do any more.
    pub(super) free: Instant,
    /// When it was sent.
    pub(super) sent: Instant,
}

/// One second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Second {
    /// Which one, from 0.
    pub second: u64,
    /// Orders sent in it.
    pub sent: u64,
    /// Orders that came to their outcome in it.
    pub ended: u64,
    /// Orders that failed in it.
    pub failed: u64,
    /// Orders that were not sent, since the backlog was full.
    pub not_sent: u64,
    /// Of those that ended, half took at most so many milliseconds from when they should have been sent.
    pub p50_ms: f64,
    /// And all but one in a hundred.
    pub p99_ms: f64,
    /// And the longest.
    pub max_ms: f64,
}

/// Counts, and keeps the times of what comes after the warm-up.
#[derive(Debug)]
pub(super) struct Record {
    begun: Instant,
    warm_up: u64,
    /// When the warm-up was over, if it is.
    warm: Option<Instant>,
    /// When the last order ended or failed.
    last: Instant,
    sent: u64,
    ended: u64,
    failed: u64,
    not_sent: u64,
    pub(super) to_outcome: Times,
    pub(super) to_answer: Times,
    /// How much later than it should an order was sent though a client was free: the generator's own delay.
    pub(super) delay: Times,
    /// How long orders waited for a client to be free; those that waited at all.
    pub(super) queued: Times,
    outcomes: BTreeMap<Ended, (u64, Times)>,
    kinds: BTreeMap<Kind, u64>,
    failures: Vec<Failed>,
    now: Second,
    times: Times,
    seconds: Vec<Second>,
}

impl Record {
    /// Of a run that begins now, and whose first orders to end are its warm-up.
    pub(super) fn begin(warm_up: u64) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            warm_up,
            warm: (warm_up == 0).then_some(begun),
            last: begun,
            sent: 0,
            ended: 0,
            failed: 0,
            not_sent: 0,
            to_outcome: Times::default(),
            to_answer: Times::default(),
            delay: Times::default(),
            queued: Times::default(),
            outcomes: BTreeMap::new(),
            kinds: BTreeMap::new(),
            failures: Vec::new(),
            now: Second::default(),
            times: Times::default(),
            seconds: Vec::new(),
        }
    }

    pub(super) const fn begun(&self) -> Instant {
        self.begun
    }

    /// An order was sent.
    pub(super) fn sent(&mut self, turn: Turn) {
        self.at(turn.sent);
        self.sent += 1;
        self.now.sent += 1;
        if self.warm.is_some() {
            self.delay.record(turn.sent.saturating_duration_since(turn.due.max(turn.free)));
            if let Some(waited) = turn.free.checked_duration_since(turn.due).filter(|it| !it.is_zero()) {
                self.queued.record(waited);
            }
        }
    }

    /// An order could not be sent in time.
    pub(super) fn not_sent(&mut self) {
        self.at(Instant::now());
        self.not_sent += 1;
        self.now.not_sent += 1;
    }

    /// An order has ended, or failed.
    pub(super) fn lived(&mut self, turn: Turn, kind: Kind, lived: Lived) {
        let at = Instant::now();
        self.at(at);
        self.last = at;
        match lived.ended {
            Ok(ended) => self.ended(turn, kind, ended, lived.answered.unwrap_or(at), at),
            Err(why) => {
                self.failed += 1;
                self.now.failed += 1;
                if self.failures.len() < KEPT {
                    let (number, order_id) = (turn.number, lived.order);
                    self.failures.push(Failed {
                        number,
                        kind,
                        order_id,
                        what: why.to_string(),
                        without_outcome: !matches!(why, Why::Another(_)),
                    });
                }
            }
        }
        if self.warm.is_none() && self.ended + self.failed >= self.warm_up {
            self.warm = Some(at);
        }
    }

    fn ended(&mut self, turn: Turn, kind: Kind, ended: Ended, answered: Instant, at: Instant) {
        let took = at.saturating_duration_since(turn.due);
        self.ended += 1;
        self.now.ended += 1;
        self.times.record(took);
        *self.kinds.entry(kind).or_default() += 1;
        let (count, times) = self.outcomes.entry(ended).or_default();
        *count += 1;
        if self.warm.is_some() {
            times.record(took);
            self.to_outcome.record(took);
            self.to_answer.record(answered.saturating_duration_since(turn.due));
        }
    }

    /// The last second that is over by now.
    pub(super) fn latest(&mut self) -> Option<Second> {
        self.at(Instant::now());
        self.seconds.last().copied()
    }

    /// How many orders so far. What was sent and has neither ended nor failed is unfinished.
    pub(super) const fn orders(&self) -> Orders {
        let Self { sent, ended, failed, not_sent, .. } = *self;
        Orders { sent, ended, failed, unfinished: sent - ended - failed, not_sent }
    }

    /// Closes what is over by `at`.
    fn at(&mut self, at: Instant) {
        let second = at.saturating_duration_since(self.begun).as_secs();
        while self.now.second < second {
            self.close();
        }
    }

    fn close(&mut self) {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        if self.times.count() > 0 {
            let at = |quantile| ms(self.times.at(quantile));
            (self.now.p50_ms, self.now.p99_ms, self.now.max_ms) = (at(0.5), at(0.99), at(1.0));
            self.times.clear();
        }
        let next = Second { second: self.now.second + 1, ..Second::default() };
        let over = std::mem::replace(&mut self.now, next);
        if self.seconds.len() < SECONDS {
            self.seconds.push(over);
        }
    }

    /// Every second, the last one begun included.
    pub(super) fn all_seconds(&mut self) -> Vec<Second> {
        self.close();
        std::mem::take(&mut self.seconds)
    }

    /// How long the run took: until the last order ended or failed.
    pub(super) fn took(&self) -> Duration {
        self.last.saturating_duration_since(self.begun)
    }

    pub(super) fn throughput(&self) -> Throughput {
        let per_second = |count: u64, time: Duration| {
            if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
        };
        let measured = self.warm.map_or(Duration::ZERO, |warm| self.last.saturating_duration_since(warm));
        Throughput {
            with_warm_up: per_second(self.ended, self.took()),
            after_warm_up: per_second(self.to_outcome.count(), measured),
            measured_s: measured.as_secs_f64(),
        }
    }

    /// How often each outcome came.
    pub(super) fn outcomes(&self) -> Vec<Outcomes> {
        let told = |(ended, (orders, times)): (&Ended, &(u64, Times))| Outcomes {
            outcome: ended.outcome,
            reason: ended.reason,
            orders: *orders,
            to_outcome_ms: times.told(),
        };
        self.outcomes.iter().map(told).collect()
    }

    /// How many orders of each kind ended as they should.
    pub(super) fn kinds(&self) -> BTreeMap<Kind, u64> {
        self.kinds.clone()
    }

    pub(super) fn failures(&mut self) -> Vec<Failed> {
        std::mem::take(&mut self.failures)
    }
}
