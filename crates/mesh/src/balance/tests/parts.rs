//! Estimates, choices and shares.

use std::{cell::Cell, time::Duration};

use proptest::prelude::*;

use super::super::{
    Outlier, Reason, SuccessRate,
    choices::{Candidate, Choices, Gate, Terms},
    estimate::{Estimate, Scale},
    outlier::Tally,
};
use crate::{Why, clock::Moment};

const SECOND: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Scale {
    Scale::new(Moment::from_nanos(millis << 20), Duration::from_nanos(10_000 << 20))
}

#[test]
fn a_slower_answer_counts_at_once_and_a_faster_one_as_that_is_forgotten() {
    let estimate = Estimate::default();
    assert_eq!(estimate.read(at(0), Some(7.0)), None);
    estimate.peak(at(0), 100.0);
    estimate.peak(at(0), 1.0);
    assert_eq!(estimate.read(at(0), None), Some(100.0));
    estimate.peak(at(10_000), 10.0);
    let left = estimate.read(at(10_000), None).expect("there were samples");
    assert!((42.0..45.0).contains(&left), "10 + 90 / e, not {left}");
    estimate.peak(at(10_001), 500.0);
    assert_eq!(estimate.read(at(10_001), None), Some(500.0));
}

#[test]
fn what_was_seen_long_ago_comes_close_to_what_is_usual_and_never_crosses_it() {
    let estimate = Estimate::default();
    estimate.peak(at(0), 100.0);
    let mut before = 100.0;
    for seconds in 1..=20 {
        let now = estimate.read(at(seconds * 10_000), Some(10.0)).expect("there was a sample");
        assert!((10.0..=before).contains(&now), "{now}");
        before = now;
    }
    assert!(before < 10.1);
}

#[test]
fn a_sample_by_an_earlier_clock_changes_nothing_that_is_later() {
    let estimate = Estimate::default();
    estimate.peak(at(1000), 100.0);
    estimate.peak(at(10), 50.0);
    assert_eq!(estimate.read(at(1000), None), Some(100.0));
}

#[test]
fn at_most_so_many_are_out_and_never_the_last_one() {
    let out = |endpoints: usize, max_percent: u8| {
        let policy = Outlier { max_percent, ..Outlier::default() };
        (0..).find(|out| !policy.allows(endpoints, *out)).expect("there is an end")
    };
    let cases = [(0, 100, 0), (1, 100, 0), (2, 1, 1), (3, 66, 1), (3, 67, 2), (3, 100, 2), (100, 10, 10)];
    for (endpoints, percent, expected) in cases {
        assert_eq!(out(endpoints, percent), expected, "{percent} % of {endpoints}");
    }
}

#[test]
fn ejections_grow_up_to_the_longest() {
    let policy = Outlier { longest: SECOND * 70, ..Outlier::default() };
    assert_eq!([1, 2, 3, u32::MAX].map(|times| policy.lasts(times)), [30, 60, 70, 70].map(|s| SECOND * s));
}

#[test]
fn those_far_below_the_mean_are_outliers_the_worst_first() {
    let rate = SuccessRate { deviations: 0.5, ..SuccessRate::default() };
    let tally = |successes| Tally { calls: 100, successes };
    let worst = rate.outliers(&[100, 100, 40, 100, 10, 100].map(tally));
    assert_eq!(worst.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [4, 2]);
    assert!(matches!(worst[0].1, Reason::SuccessRate { percent: 10, .. }));
    let alike = rate.outliers(&[100, 100, 100, 100, 99].map(tally));
    assert!(alike.is_empty(), "by the deviation alone the last one would be an outlier");
}

/// A candidate of numbers alone.
#[derive(Debug, Default)]
struct Stub {
    cost: f32,
    share: f32,
    hash: u64,
    willing: bool,
    probe_in: Option<Duration>,
    asked: Cell<u32>,
}

impl Gate for Stub {
    fn is_open_to_all(&self) -> bool {
        true
    }

    fn is_willing(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.willing
    }

    fn next_probe(&self) -> Option<Duration> {
        self.probe_in
    }
}

impl Candidate for Stub {
    fn cost(&self, _: &Terms) -> f32 {
        self.asked.set(self.asked.get() + 1);
        self.cost
    }

    fn share(&self, _: Moment) -> f32 {
        self.share
    }

    fn hash(&self) -> u64 {
        self.hash
    }
}

fn choices(candidates: Vec<Stub>, gated: Vec<Stub>) -> Choices<Stub> {
    Choices { candidates, gated, panicking: false, known: true }
}

fn terms() -> Terms {
    Terms { at: at(0), usual: None }
}

fn costing(cost: f32) -> Stub {
    Stub { cost, share: 1.0, hash: u64::from(cost.to_bits()), ..Stub::default() }
}

#[test]
fn a_refusal_says_when_the_first_probe_is_due() {
    let gated = |seconds: u32| Stub { probe_in: Some(SECOND * seconds), ..Stub::default() };
    let all_open = choices(vec![], vec![gated(3), gated(2), Stub::default()]);
    let refused = all_open.pick(&terms(), 5, None).expect_err("all are open");
    assert_eq!((refused.why(), refused.retry_in()), (Why::CircuitOpen, Some(SECOND * 2)));
    let nobody = choices(vec![], vec![]).pick(&terms(), 5, None).expect_err("nobody");
    assert_eq!((nobody.why(), nobody.retry_in()), (Why::NoEndpoint, None));
}

proptest! {
    #[test]
    fn a_pick_looks_at_two_and_one_gated_and_takes_the_better(costs in proptest::collection::vec(1_u16..1000, 2..100), chance: u64) {
        let gated = (0..50).map(|_| Stub::default()).collect();
        let choices = choices(costs.iter().map(|cost| costing((*cost).into())).collect(), gated);
        let picked = choices.pick(&terms(), chance, None).expect("there are some");
        let asked: Vec<_> = choices.candidates.iter().filter(|stub| stub.asked.get() > 0).collect();
        prop_assert_eq!(asked.len(), 2);
        prop_assert!(asked.iter().all(|asked| picked.cost <= asked.cost));
        prop_assert_eq!(choices.gated.iter().map(|stub| stub.asked.get()).sum::<u32>(), 1);
    }

    #[test]
    fn who_is_to_be_left_out_is_if_there_is_another(count in 2_usize..5, index: prop::sample::Index, chance: u64) {
        let choices = choices((0..count).map(|_| costing(1.0)).collect(), vec![]);
        let but = &choices.candidates[index.index(count)];
        prop_assert!(!std::ptr::eq(choices.pick(&terms(), chance, Some(but)).expect("another"), but));
    }

    #[test]
    fn a_session_moves_only_if_its_endpoint_goes(hashes in proptest::collection::hash_set(any::<u64>(), 2..20), gone: prop::sample::Index, key: u64) {
        let hashes: Vec<_> = hashes.into_iter().collect();
        let of = |hashes: &[u64]| {
            let stubs = hashes.iter().map(|hash| Stub { hash: *hash, ..Stub::default() }).collect();
            choices(stubs, vec![]).of_session(key).expect("there are some").hash
        };
        let home = of(&hashes);
        let mut left = hashes.clone();
        let gone = left.remove(gone.index(hashes.len()));
        prop_assert!(of(&left) == home || gone == home);
    }
}
