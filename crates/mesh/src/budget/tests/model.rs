//! The ledger beside one that keeps everything and adds it all up each time.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{Policy, ledger::Ledger};
use crate::clock::Moment;

const BUCKET: u64 = 1_000_000_000;

/// First attempts are counted in one after the other.
const LANES: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Firsts(u8),
    Reserve,
    /// Gives back the one of these that was reserved so long ago.
    GiveBack(usize),
}

/// Everything that ever was, by turn.
#[derive(Debug, Default)]
struct Model {
    firsts: Vec<u64>,
    reserved: Vec<u64>,
}

impl Model {
    /// Whether all windows from and up to any turn hold, also those that end when nothing more has come.
    fn holds(&self, policy: &Policy) -> bool {
        let of = |turns: &[u64], from: u64| {
            let window = from..from + policy.buckets as u64;
            turns.iter().filter(|turn| window.contains(turn)).count() as u64
        };
        self.reserved.iter().flat_map(|turn| turn.saturating_sub(policy.buckets as u64)..=*turn).all(|from| {
            let room = u64::from(policy.floor) * 100 + u64::from(policy.percent) * of(&self.firsts, from);
            of(&self.reserved, from) * 100 <= room
        })
    }

    fn has_room(&mut self, policy: &Policy, turn: u64) -> bool {
        self.reserved.push(turn);
        let holds = self.holds(policy);
        self.reserved.pop();
        holds
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    (0_u8..=100, 0_u32..5, 2_usize..6).prop_map(|(percent, floor, buckets)| {
        let window = Duration::from_nanos(BUCKET * buckets as u64);
        Policy { percent, floor, window, buckets }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..BUCKET * 2).prop_map(Step::Pass),
        1 => (0..BUCKET * 20).prop_map(Step::Pass),
        4 => (0_u8..12).prop_map(Step::Firsts),
        8 => Just(Step::Reserve),
        1 => (0_usize..4).prop_map(Step::GiveBack),
    ];
    prop::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn it_reserves_whatever_every_window_has_room_for_and_nothing_else(policy in policies(), steps in steps()) {
        let (ledger, mut model, mut now) = (Ledger::new(&policy, LANES), Model::default(), 0);
        for step in steps {
            let (moment, turn) = (Moment::from_nanos(now), now / BUCKET);
            match step {
                Step::Pass(nanos) => now += nanos,
                Step::Firsts(count) => (0..count).for_each(|_| {
                    ledger.count_first(model.firsts.len(), moment);
                    model.firsts.push(turn);
                }),
                Step::Reserve => {
                    let expected = model.has_room(&policy, turn).then_some(turn);
                    prop_assert_eq!(ledger.balance(moment).0 > 0, expected.is_some());
                    prop_assert_eq!(ledger.reserve(moment), expected);
                    model.reserved.extend(expected);
                    prop_assert!(model.holds(&policy));
                }
                Step::GiveBack(ago) => {
                    let index = model.reserved.len().checked_sub(ago + 1);
                    if let Some(index) = index {
                        ledger.give_back(model.reserved.remove(index));
                    }
                }
            }
        }
    }

    /// As threads do whose clock was read a while ago.
    #[test]
    fn every_window_holds_also_when_times_come_out_of_order(
        policy in policies(),
        steps in prop::collection::vec((0..BUCKET * 12, any::<bool>()), 1..200),
    ) {
        let (ledger, mut model) = (Ledger::new(&policy, LANES), Model::default());
        for (nanos, is_first) in steps {
            let moment = Moment::from_nanos(nanos);
            if is_first {
                ledger.count_first(model.firsts.len(), moment);
                model.firsts.push(nanos / BUCKET);
            } else {
                model.reserved.extend(ledger.reserve(moment));
            }
            prop_assert!(model.holds(&policy));
        }
    }
}

#[test]
fn a_balance_is_what_can_be_reserved() {
    let policy = Policy { percent: 20, floor: 3, ..Policy::default() };
    let (ledger, now) = (Ledger::new(&policy, LANES), Moment::from_nanos(BUCKET * 7));
    (0..14).for_each(|lane| ledger.count_first(lane, now));
    assert_eq!(ledger.balance(now).0, 5, "nothing is rounded up");
    assert_eq!(std::iter::from_fn(|| ledger.reserve(now)).count(), 5);
    assert_eq!(ledger.balance(now).0, 0);
}
