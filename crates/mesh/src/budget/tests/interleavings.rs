//! Every interleaving of two or three threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::{sync::Arc, time::Duration};

use super::super::{Policy, ledger::Ledger};
use crate::{
    clock::Moment,
    sync::model::{explore, thread},
};

/// Two buckets of a second each.
fn ledger(floor: u32, percent: u8) -> Arc<Ledger> {
    let window = Duration::from_secs(2);
    Arc::new(Ledger::new(&Policy { percent, floor, window, buckets: 2 }, 1))
}

fn at(seconds: u64) -> Moment {
    Moment::from_nanos(seconds * 1_000_000_000)
}

fn reserved_at_once(ledger: &Arc<Ledger>, seconds: &[u64]) -> Vec<Option<u64>> {
    let threads: Vec<_> = seconds
        .iter()
        .map(|seconds| {
            let (ledger, now) = (Arc::clone(ledger), at(*seconds));
            thread::spawn(move || ledger.reserve(now))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
}

#[test]
fn the_last_room_is_given_once() {
    explore(|| {
        let ledger = ledger(1, 0);
        assert_eq!(reserved_at_once(&ledger, &[0, 0]).into_iter().flatten().count(), 1);
    });
}

#[test]
fn the_last_room_of_a_window_is_given_once_also_over_the_edge_of_a_bucket() {
    explore(|| {
        let ledger = ledger(1, 0);
        assert_eq!(reserved_at_once(&ledger, &[0, 1]).into_iter().flatten().count(), 1);
    });
}

#[test]
fn whoever_comes_late_reserves_in_the_turn_that_has_begun() {
    explore(|| {
        let ledger = ledger(1, 0);
        let mut turns: Vec<_> = reserved_at_once(&ledger, &[0, 2]).into_iter().flatten().collect();
        turns.sort_unstable();
        // Turns 0 and 2 are in no window together, and 1 is in one with each of them.
        assert!(turns == [0, 2] || turns == [2], "{turns:?}");
    });
}

#[test]
fn what_is_given_back_beside_a_reservation_is_neither_lost_nor_there_twice() {
    explore(|| {
        let ledger = ledger(1, 0);
        let turn = ledger.reserve(at(0)).expect("the floor");
        let giving = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.give_back(turn))
        };
        let beside = ledger.reserve(at(1));
        giving.join().expect("a thread that ends");
        let after = ledger.reserve(at(1));
        assert_eq!(usize::from(beside.is_some()) + usize::from(after.is_some()), 1);
    });
}

#[test]
fn no_first_attempt_is_lost_while_a_bucket_begins_anew() {
    explore(|| {
        let ledger = ledger(0, 100);
        ledger.count_first(0, at(0));
        let counting = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || ledger.count_first(0, at(2)))
        };
        ledger.count_first(0, at(2));
        counting.join().expect("a thread that ends");
        assert_eq!(ledger.balance(at(2)).0, 2);
    });
}
