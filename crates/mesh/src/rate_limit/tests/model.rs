//! The limits against a bucket of time for each key, with all the memory that there is.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{
    super::{
        gcra::Cell,
        table::{Table, WAYS},
    },
    *,
};

/// Slow and obviously right: a bucket into which a nanosecond drips every nanosecond, and from which a call takes what it costs.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: u128,
    seen: u64,
}

/// Calls per time, and the burst, as the policy has them.
#[derive(Clone, Copy, Debug)]
struct Rules {
    calls: u32,
    per: u64,
    burst: u32,
}

impl Rules {
    fn cost(self) -> u128 {
        u128::from(self.per).div_ceil(self.calls.into())
    }

    fn size(self) -> u128 {
        self.cost() * u128::from(self.burst)
    }

    fn quota(self) -> Quota {
        quota(self.calls, Duration::from_nanos(self.per), self.burst)
    }
}

#[derive(Debug)]
struct Model {
    rules: Rules,
    buckets: HashMap<u64, Bucket>,
}

impl Model {
    fn new(rules: Rules) -> Self {
        Self { rules, buckets: HashMap::new() }
    }

    fn bucket(&mut self, key: u64, now: u64) -> &mut Bucket {
        let size = self.rules.size();
        let bucket = self.buckets.entry(key).or_insert(Bucket { level: size, seen: now });
        bucket.level = (bucket.level + u128::from(now - bucket.seen)).min(size);
        bucket.seen = now;
        bucket
    }

    /// What remains and when it is whole, or how long to wait.
    fn take(&mut self, key: u64, now: u64) -> Result<(u128, u128), u128> {
        let (cost, size) = (self.rules.cost(), self.rules.size());
        let bucket = self.bucket(key, now);
        let Some(level) = bucket.level.checked_sub(cost) else { return Err(cost - bucket.level) };
        bucket.level = level;
        Ok((level / cost, size - level))
    }

    fn has_any_left(&mut self, key: u64, now: u64) -> bool {
        let cost = self.rules.cost();
        self.bucket(key, now).level >= cost
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    (1..50_u32, 1_000_000..5_000_000_000_u64, 1..12_u32).prop_map(|(calls, per, burst)| Rules {
        calls,
        per,
        burst,
    })
}

/// Which key calls, and how much later than the one before, in thousandths of what a call costs.
fn calls(keys: u64) -> impl Strategy<Value = Vec<(u64, u64)>> {
    let pause = prop_oneof![3 => Just(0), 3 => 0..2_000_u64, 1 => 0..20_000_u64];
    prop::collection::vec((1..=keys, pause), 1..300)
}

fn told(result: Result<super::super::gcra::Standing, u64>) -> Result<(u128, u128), u128> {
    result.map(|standing| (standing.remaining.into(), standing.whole_in.into())).map_err(u128::from)
}

/// When each call comes.
fn timed(rules: Rules, calls: Vec<(u64, u64)>) -> impl Iterator<Item = (u64, u64)> {
    let thousandth = u64::try_from(rules.cost()).expect("a time of this test").div_ceil(1_000);
    calls.into_iter().scan(0, move |now, (key, pause)| {
        *now += pause * thousandth;
        Some((key, *now))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn one_limit_decides_as_a_bucket_does(rules in rules(), calls in calls(1)) {
        let (cell, quota, mut model) = (Cell::new(), rules.quota(), Model::new(rules));
        for (key, now) in timed(rules, calls) {
            prop_assert_eq!(told(cell.take(&quota, at(now))), model.take(key, now));
        }
    }

    #[test]
    fn limits_by_key_decide_as_a_bucket_for_each_while_there_is_room(rules in rules(), calls in calls(WAYS as u64)) {
        let (table, quota, mut model) = (Table::new(1), rules.quota(), Model::new(rules));
        for (key, now) in timed(rules, calls) {
            let taken = table.take(key, &quota, at(now));
            prop_assert!(!taken.crowded);
            prop_assert_eq!(told(taken.result), model.take(key, now));
        }
    }

    #[test]
    fn nobody_gets_more_than_the_policy_however_many_keys_there_are(rules in rules(), calls in calls(WAYS as u64 * 3)) {
        let (table, quota, mut model) = (Table::new(1), rules.quota(), Model::new(rules));
        for (key, now) in timed(rules, calls) {
            let passes = table.take(key, &quota, at(now)).result.is_ok();
            prop_assert!(!passes || model.take(key, now).is_ok(), "key {} at {}", key, now);
        }
    }

    #[test]
    fn only_who_met_a_crowded_set_is_refused_early(rules in rules(), calls in calls(WAYS as u64 * 2)) {
        let (table, quota, mut model) = (Table::new(1), rules.quota(), Model::new(rules));
        let mut was_crowded = false;
        for (key, now) in timed(rules, calls) {
            let taken = table.take(key, &quota, at(now));
            was_crowded |= taken.crowded;
            if taken.result.is_ok() {
                prop_assert!(model.take(key, now).is_ok());
            } else {
                prop_assert!(was_crowded || !model.has_any_left(key, now));
            }
        }
    }
}

#[test]
fn a_place_is_free_again_when_its_burst_is_whole() {
    let (table, quota) = (Table::new(1), quota(1, Duration::from_secs(1), 2));
    for round in 0..1_000 {
        let now = at(round * 1_000_000_000);
        let keys = (1..=WAYS as u64).map(|key| round * WAYS as u64 + key);
        for key in keys {
            let taken = table.take(key, &quota, now);
            assert_eq!((taken.crowded, taken.result.expect("it is new").remaining), (false, 1));
        }
    }
}

#[test]
fn who_is_forgotten_while_owing_does_not_get_a_new_burst_by_coming_back() {
    let (table, quota) = (Table::new(1), quota(1, Duration::from_secs(1), 3));
    let passes = |key: u64| table.take(key, &quota, at(0)).result.is_ok();
    assert!((0..3).all(|_| passes(1)), "a whole burst");
    let others = (2..2_000).filter(|key| passes(*key)).count();
    assert!(!passes(1));
    assert_eq!(others, 3 * WAYS - 3, "all places together let pass what seven keys may");
}

#[test]
fn every_interval_is_rounded_up() {
    let quota = quota(3, Duration::from_secs(1), 1);
    let cell = Cell::new();
    assert!(cell.take(&quota, at(0)).is_ok());
    assert_eq!(cell.take(&quota, at(0)), Err(333_333_334));
    assert_eq!(cell.take(&quota, at(333_333_333)), Err(1));
    assert!(cell.take(&quota, at(333_333_334)).is_ok());
}

#[test]
fn the_end_of_the_clock_refuses_and_does_not_overflow() {
    let (cell, quota) = (Cell::new(), quota(1, Duration::from_secs(86_400), 1));
    assert!(cell.take(&quota, at(u64::MAX - 1)).is_ok());
}
