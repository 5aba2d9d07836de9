//! The parts of which a breaker consists.

use std::time::Duration;

use super::super::{
    Backoff, Mode, State,
    places::Places,
    window::{Totals, Window},
    word::Word,
};
use crate::{clock::Moment, random::Random};

const SECOND: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

#[test]
fn a_word_is_what_was_packed_and_its_generation_goes_round() {
    for state in [State::Closed, State::Open, State::HalfOpen] {
        for mode in [Mode::Automatic, Mode::ForcedOpen, Mode::ForcedClosed, Mode::ObserveOnly] {
            let word = Word { state, mode, generation: (1 << 28) - 1, failures: u32::MAX };
            assert_eq!(Word::unpack(word.pack()), word);
            assert_eq!(word.next(mode, state), Word { generation: 0, failures: 0, ..word });
        }
    }
}

#[test]
fn a_window_forgets_whole_buckets() {
    let window = Window::new(SECOND * 2, 2, 2);
    window.record(0, 0, at(0), true, false);
    window.record(0, 0, at(999), false, true);
    window.record(0, 0, at(1_000), true, true);
    let counted = |millis| {
        let totals = window.totals(0, at(millis));
        (totals.calls, totals.failures, totals.slow)
    };
    assert_eq!(counted(1_999), (3, 2, 2));
    assert_eq!(counted(2_000), (1, 1, 1));
    assert_eq!(counted(3_000), (0, 0, 0));
}

#[test]
fn a_call_that_is_told_of_after_a_whole_turn_of_the_ring_is_left_out() {
    let window = Window::new(SECOND * 2, 2, 2);
    window.record(0, 0, at(2_000), false, false);
    window.record(0, 0, at(0), true, true);
    assert_eq!(window.totals(0, at(2_000)).calls, 1);
    assert_eq!(window.totals(0, at(2_000)).failures, 0);
}

#[test]
fn each_generation_has_a_window_of_its_own_also_when_their_numbers_go_round() {
    let window = Window::new(SECOND * 2, 2, 2);
    for generation in 60..70 {
        window.record(0, generation, at(0), true, false);
        window.record(0, generation - 1, at(0), true, false);
        assert_eq!(window.totals(generation, at(0)).calls, 1, "generation {generation}");
    }
}

#[test]
fn what_is_counted_in_different_lanes_is_looked_at_as_one() {
    let window = Window::new(SECOND * 2, 2, 2);
    for lane in 0..5 {
        window.record(lane, 0, at(0), lane == 1, lane == 4);
    }
    let totals = window.totals(0, at(0));
    assert_eq!((totals.calls, totals.failures, totals.slow), (5, 1, 1));
}

#[test]
fn a_bucket_of_any_length_is_as_long_as_it_should_be_after_ten_years() {
    for (window, buckets) in [(10, 2), (10, 60), (10_000, 10), (3_600_000, 60), (3_600_000, 2)] {
        let length = window * 1_000_000 / buckets as u64;
        let turns = 10 * 365 * 24 * 3600 * 1_000_000_000 / length;
        let window = Window::new(Duration::from_millis(window), buckets, 1);
        let middle = |turn: u64| Moment::from_nanos(turn * length + length / 2);
        window.record(0, 0, middle(turns), false, false);
        let counted = |turn| window.totals(0, middle(turn)).calls;
        let last = turns + buckets as u64 - 1;
        let around = [turns - 1, turns, last, last + 1].map(counted);
        assert_eq!(around, [0, 1, 1, 0], "a bucket of {length} ns");
    }
}

/// A bucket of half of all generations ago passed for a later one, and what came into it was not counted.
#[test]
fn after_any_number_of_generations_a_window_that_was_cleared_counts() {
    let window = Window::new(SECOND * 2, 2, 1);
    for generation in 0..200 {
        window.clear();
        window.record(0, generation, at(0), true, true);
        for later in generation..generation + 70 {
            window.clear();
            assert_eq!(window.totals(later, at(0)), Totals::default());
        }
        window.record(0, generation + 40, at(0), true, true);
        assert_eq!(window.totals(generation + 40, at(0)), Totals { calls: 1, failures: 1, slow: 1 });
    }
}

#[test]
fn a_place_is_free_again_when_its_time_is_over_and_nobody_gives_another_ones_back() {
    let mut places = Places::default();
    let first = places.take(1, at(0), SECOND).expect("a free place");
    assert_eq!(places.take(1, at(999), SECOND), None);
    let second = places.take(1, at(1_000), SECOND).expect("a place whose time is over");
    assert!(!places.give_back(first, at(1_000)), "too late");
    assert_eq!(places.held(at(1_000)), 1);
    assert!(places.give_back(second, at(1_000)));
    assert_eq!(places.held(at(1_000)), 0);
}

#[test]
fn a_back_off_doubles_up_to_the_longest_and_is_longer_by_no_more_than_its_jitter() {
    let backoff = Backoff { first: SECOND, longest: SECOND * 60, jitter: 0.5 };
    let without: Vec<_> = [0, 1, 5, 6, 40, u32::MAX].map(|vain| backoff.after(vain, 0.0).as_secs()).into();
    assert_eq!(without, [1, 2, 32, 60, 60, 60]);
    assert_eq!(backoff.after(6, 1.0), SECOND * 90);
    let mut random = Random(7);
    let parts: Vec<_> = (0..1_000).map(|_| random.part()).collect();
    assert!(parts.iter().all(|part| (0.0..1.0).contains(part)));
    assert!(parts.iter().any(|part| *part < 0.1) && parts.iter().any(|part| *part > 0.9));
}
