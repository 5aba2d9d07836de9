//! The adaptive limit before a simulated server, and rule by rule.

use std::time::Duration;

use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    super::{Adaptive, gradient::Gradient},
    simulated::Simulation,
};
use crate::{
    classify::{Outcome, Verdict},
    clock::Moment,
};

const SECOND: Duration = Duration::from_secs(1);

fn policy(floor_every: Duration) -> Adaptive {
    Adaptive { floor_every, ..Adaptive::default() }
}

/// Where `limit = capacity · tolerance + √limit`, or at the least.
fn settles_at(capacity: usize) -> f64 {
    let roots = 0.5 + (0.25 + 1.5 * capacity as f64).sqrt();
    (roots * roots).max(4.0)
}

/// Servers that make up to 1,000 calls a second.
fn servers() -> impl Strategy<Value = (usize, Duration, f64, u64)> {
    (1..=100_usize, 1..=100_u64, 0.0..0.9_f64, any::<u64>()).prop_map(|(capacity, millis, spread, seed)| {
        let takes = Duration::from_millis(millis.max(capacity as u64));
        (capacity, takes, spread, seed)
    })
}

proptest! {
    // Its servers are by chance, so what holds of them holds nearly always; these are always the same.
    #![proptest_config(ProptestConfig { cases: 24, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn under_twice_the_load_it_converges_to_what_the_server_can_do((capacity, takes, spread, seed) in servers()) {
        let mut simulation = Simulation::new(policy(10 * SECOND), capacity, takes, spread, seed);
        simulation.run(60 * SECOND, 2.0);
        for _ in 0..3 {
            let stretch = simulation.run(10 * SECOND, 2.0);
            let limit = f64::from(simulation.limit.limit());
            prop_assert!(stretch.rate >= 0.85 * simulation.capacity_per_second(), "{stretch:?}");
            let most = 2.0 * settles_at(capacity) + 4.0;
            prop_assert!(limit <= most, "a limit of {limit}, and not {most}");
            let slowest = takes.mul_f64(most / capacity as f64);
            prop_assert!(stretch.mean <= slowest, "{stretch:?}");
        }
    }

    #[test]
    fn it_does_not_collapse_when_the_server_becomes_slower_for_good(
        (capacity, takes, spread, seed) in servers(),
        times in 2..10_u32,
    ) {
        // Nothing is measured again in this time but for a limit that sinks.
        let mut simulation = Simulation::new(policy(3600 * SECOND), capacity, takes / times, spread, seed);
        simulation.run(20 * SECOND, 2.0);
        simulation.takes = takes;
        let falling = simulation.run(30 * SECOND, 2.0);
        prop_assert!(falling.lowest >= 1);
        let stretch = simulation.run(20 * SECOND, 2.0);
        prop_assert!(stretch.rate >= 0.7 * simulation.capacity_per_second(), "{stretch:?} after {falling:?}");
    }

    #[test]
    fn the_floor_is_measured_again_and_follows_a_server_that_becomes_faster(
        (capacity, takes, spread, seed) in servers(),
        times in 2..8_u32,
    ) {
        let mut simulation = Simulation::new(policy(5 * SECOND), capacity, takes, spread, seed);
        simulation.run(30 * SECOND, 2.0);
        let before = simulation.limit.measured();
        simulation.takes = takes / times;
        simulation.run(40 * SECOND, 1.5);
        prop_assert!(simulation.limit.measured() > before);
        let floor = simulation.limit.floor().expect("it was measured");
        prop_assert!(floor <= simulation.takes * 2, "{floor:?} of {:?}", simulation.takes);
        prop_assert!(f64::from(simulation.limit.limit()) <= 2.0 * settles_at(capacity) + 4.0);
    }
}

/// A limit whose windows are 100 ms and ten calls, with a floor of 10 ms.
fn measured() -> (Gradient, Moment) {
    let mut limit = Gradient::new(policy(3600 * SECOND), 0, Moment::default());
    let now = window(&mut limit, Moment::default(), 10, 50, 20, Verdict::new(Outcome::Success));
    assert_eq!((limit.floor(), limit.limit()), (Some(Duration::from_millis(10)), 20));
    (limit, now)
}

/// So many calls that took so many milliseconds, 100 ms after the window began or when they are done.
fn window(
    limit: &mut Gradient,
    began: Moment,
    took: u64,
    calls: u32,
    under_way: u32,
    verdict: Verdict,
) -> Moment {
    let ended = began + Duration::from_millis(took.max(100));
    let began = Moment::from_nanos(ended.as_nanos() - took * 1_000_000);
    for _ in 0..calls {
        limit.ended(began, ended, under_way, verdict);
    }
    ended
}

const SUCCESS: Verdict = Verdict::new(Outcome::Success);

#[test]
fn it_grows_by_its_root_while_calls_are_fast_and_sinks_by_half_at_most() {
    let (mut limit, now) = measured();
    // 20 + √20
    let now = window(&mut limit, now, 15, 10, 20, SUCCESS);
    assert_eq!(limit.limit(), 24);
    // 24.47 · 15 / 20 + √24.47
    let now = window(&mut limit, now, 20, 10, 20, SUCCESS);
    assert_eq!(limit.limit(), 23);
    // 23.30 / 2 + √23.30
    window(&mut limit, now, 1_000, 10, 20, SUCCESS);
    assert_eq!(limit.limit(), 16);
}

#[test]
fn nothing_is_decided_before_the_time_and_the_calls_of_a_window_are_there() {
    let (mut limit, now) = measured();
    let now = window(&mut limit, now, 15, 9, 20, SUCCESS);
    assert_eq!(limit.limit(), 20, "nine calls");
    limit.ended(now, now + Duration::from_millis(15), 20, SUCCESS);
    assert_eq!(limit.limit(), 24);
    let (mut limit, now) = measured();
    for _ in 0..100 {
        limit.ended(now, now + Duration::from_millis(99), 20, SUCCESS);
    }
    assert_eq!(limit.limit(), 20, "99 ms");
}

#[test]
fn calls_that_began_under_an_earlier_limit_are_no_samples() {
    let (mut limit, now) = measured();
    for _ in 0..100 {
        limit.ended(Moment::default(), now + SECOND, 20, SUCCESS);
    }
    assert_eq!(limit.limit(), 20);
}

#[test]
fn streams_failures_refusals_and_those_who_left_are_no_samples() {
    let outcomes = [Outcome::Failure, Outcome::Refusal, Outcome::Cancelled].map(Verdict::new);
    for verdict in outcomes.into_iter().chain([SUCCESS.untimed()]) {
        for took in [1, 60_000] {
            let (mut limit, now) = measured();
            window(&mut limit, now, took, 1_000, 20, verdict);
            assert_eq!(limit.limit(), 20, "{verdict:?}");
        }
        let mut limit = Gradient::new(policy(SECOND), 0, Moment::default());
        window(&mut limit, Moment::default(), 10, 1_000, 20, verdict);
        assert_eq!(limit.floor(), None, "{verdict:?}");
    }
}

#[test]
fn a_server_that_throttles_a_tenth_of_its_calls_has_it_sink_by_a_tenth() {
    for (throttled, after) in [(1, 18), (0, 24)] {
        let (mut limit, now) = measured();
        for _ in 0..throttled {
            limit.ended(now, now + Duration::from_millis(1), 20, Verdict::new(Outcome::Throttled));
        }
        window(&mut limit, now, 10, 10 - throttled, 20, SUCCESS);
        assert_eq!(limit.limit(), after);
    }
}

#[test]
fn a_limit_that_is_not_half_used_stays() {
    let (mut limit, now) = measured();
    let now = window(&mut limit, now, 10, 10, 9, SUCCESS);
    let now = window(&mut limit, now, 1_000, 10, 9, SUCCESS);
    assert_eq!(limit.limit(), 20);
    window(&mut limit, now, 10, 10, 10, SUCCESS);
    assert_eq!(limit.limit(), 24);
}

#[test]
fn while_the_floor_is_measured_again_the_limit_is_a_third() {
    let mut limit = Gradient::new(policy(SECOND), 0, Moment::default());
    let now = window(&mut limit, Moment::default(), 10, 50, 20, SUCCESS);
    assert_eq!(limit.limit(), 20, "the first is measured under the initial one");
    let now = window(&mut limit, now + 2 * SECOND, 10, 1, 20, SUCCESS);
    assert_eq!(limit.limit(), 7);
    let now = window(&mut limit, now, 30, 9, 7, SUCCESS);
    assert_eq!(limit.limit(), 7, "nine calls are too few");
    window(&mut limit, now, 30, 1, 7, SUCCESS);
    assert_eq!((limit.limit(), limit.measured()), (20, 2));
    assert_eq!(limit.floor(), Some(Duration::from_millis(30)));
}

#[test]
fn a_floor_for_which_too_few_calls_are_made_stays_what_it_was() {
    let mut limit = Gradient::new(policy(SECOND), 0, Moment::default());
    let now = window(&mut limit, Moment::default(), 10, 50, 20, SUCCESS);
    let now = window(&mut limit, now + 2 * SECOND, 10, 1, 20, SUCCESS);
    window(&mut limit, now + SECOND, 30, 1, 1, SUCCESS);
    assert_eq!((limit.limit(), limit.measured()), (20, 1));
    assert_eq!(limit.floor(), Some(Duration::from_millis(10)));
}
