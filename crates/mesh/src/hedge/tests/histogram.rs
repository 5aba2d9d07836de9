//! What the histogram tells, against a list of all times.

use std::time::Duration;

use proptest::prelude::*;

use super::super::latencies::Latencies;

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[test]
fn nothing_is_told_of_too_few_calls() {
    let latencies = Latencies::new(95.0, 100);
    (0..99).for_each(|_| latencies.record(micros(10)));
    assert_eq!(latencies.percentile(), None);
    latencies.record(micros(10));
    assert!(latencies.percentile().is_some());
}

#[test]
fn it_follows_calls_that_become_slower_and_faster_again() {
    let latencies = Latencies::new(95.0, 100);
    for wanted in [10_000, 100_000, 10_000] {
        (0..20_000).for_each(|_| latencies.record(micros(wanted)));
        let told = latencies.percentile().expect("enough calls");
        assert!(
            told >= micros(wanted) && told <= micros(wanted * 17 / 16 + 2),
            "{wanted} µs told as {told:?}"
        );
    }
}

proptest! {
    #[test]
    fn the_percentile_is_that_of_a_sorted_list_to_within_a_sixteenth(
        times in prop::collection::vec(1_u64..60_000_000, 1..60),
        percentile in 50.0_f64..99.9,
    ) {
        let latencies = Latencies::new(percentile, 1);
        // So often that the last one is looked up, and so seldom that nothing is halved.
        (0..32).for_each(|_| times.iter().for_each(|time| latencies.record(micros(*time))));
        let mut sorted = times;
        sorted.sort_unstable();
        let rank = (sorted.len() as f64 * percentile / 100.0).ceil().max(1.0) as usize;
        let exact = micros(sorted[rank - 1]);
        let told = latencies.percentile().expect("enough calls");
        prop_assert!(told >= exact && told <= exact + exact / 16 + micros(2), "{exact:?} told as {told:?}");
    }
}
