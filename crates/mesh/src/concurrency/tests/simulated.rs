//! A server of a known capacity behind an adaptive limit, and callers who do not care. No time passes but in numbers.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::super::{Adaptive, gradient::Gradient};
use crate::{
    classify::{Outcome, Verdict},
    clock::{Moment, nanos},
    random::Random,
};

/// So many calls are worked on at a time, and the others wait inside of it, first come, first served.
pub(super) struct Simulation {
    pub(super) limit: Gradient,
    pub(super) capacity: usize,
    pub(super) takes: Duration,
    /// How much a call's work differs from the mean at most, as a part of it.
    spread: f64,
    /// When each worker is done with what it has.
    workers: BinaryHeap<Reverse<u64>>,
    /// What is under way: when it ends, and when it began.
    under_way: BinaryHeap<Reverse<(u64, u64)>>,
    now: u64,
    random: Random,
}

/// What came of a stretch of time.
#[derive(Debug)]
pub(super) struct Stretch {
    /// Calls that ended, per second.
    pub(super) rate: f64,
    /// What they took.
    pub(super) mean: Duration,
    pub(super) lowest: u32,
}

impl Simulation {
    pub(super) fn new(policy: Adaptive, capacity: usize, takes: Duration, spread: f64, seed: u64) -> Self {
        Self {
            limit: Gradient::new(policy, seed, Moment::default()),
            capacity,
            takes,
            spread,
            workers: BinaryHeap::new(),
            under_way: BinaryHeap::new(),
            now: 0,
            random: Random(seed),
        }
    }

    /// Calls that can be made per second.
    pub(super) fn capacity_per_second(&self) -> f64 {
        self.capacity as f64 / self.takes.as_secs_f64()
    }

    /// For so long calls come at `load` times the capacity, by chance.
    pub(super) fn run(&mut self, time: Duration, load: f64) -> Stretch {
        let until = self.now + nanos(time);
        let between = 1e9 / (self.capacity_per_second() * load);
        let (mut ended, mut took, mut lowest) = (0_u64, 0_u64, u32::MAX);
        while self.now < until {
            self.now += (-between * (1.0 - self.random.part()).ln()) as u64;
            while let Some(Reverse((end, began))) = self.under_way.peek().copied()
                && end <= self.now
            {
                let under_way = u32::try_from(self.under_way.len()).expect("a few");
                self.under_way.pop();
                let verdict = Verdict::new(Outcome::Success);
                self.limit.ended(Moment::from_nanos(began), Moment::from_nanos(end), under_way, verdict);
                lowest = lowest.min(self.limit.limit());
                ended += 1;
                took += end - began;
            }
            if self.under_way.len() < self.limit.limit() as usize {
                self.begin();
            }
        }
        let mean = Duration::from_nanos(took.checked_div(ended).unwrap_or_default());
        Stretch { rate: ended as f64 / time.as_secs_f64(), mean, lowest }
    }

    fn begin(&mut self) {
        let mut free_at = 0;
        while self.workers.len() >= self.capacity {
            free_at = self.workers.pop().map_or(0, |Reverse(free_at)| free_at);
        }
        let work = self.takes.as_nanos() as f64 * (1.0 + self.spread * (2.0 * self.random.part() - 1.0));
        let end = free_at.max(self.now) + work as u64;
        self.workers.push(Reverse(end));
        self.under_way.push(Reverse((end, self.now)));
    }
}
