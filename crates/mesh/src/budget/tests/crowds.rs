//! Many threads, by shuttle.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use super::super::{Policy, ledger::Ledger};
use crate::{
    clock::Moment,
    sync::model::{crowd, explore},
};

fn ledger(floor: u32, percent: u8) -> Arc<Ledger> {
    let window = Duration::from_secs(2);
    Arc::new(Ledger::new(&Policy { percent, floor, window, buckets: 2 }, 1))
}

fn at(seconds: u64) -> Moment {
    Moment::from_nanos(seconds * 1_000_000_000)
}

#[test]
fn the_room_of_a_window_is_given_once_over_the_edge_of_a_bucket() {
    explore(|| {
        let ledger = ledger(5, 0);
        let reserve =
            move |number: usize| [0, 1].map(|later| ledger.reserve(at((number as u64 + later) % 2)));
        assert_eq!(crowd(reserve).into_iter().flatten().flatten().count(), 5);
    });
}

#[test]
fn what_is_given_back_is_neither_lost_nor_there_twice() {
    explore(|| {
        let (shared, held) = (ledger(3, 0), Arc::new(AtomicU32::new(0)));
        let ledger = Arc::clone(&shared);
        crowd(move |_| {
            for _ in 0..3 {
                let Some(turn) = ledger.reserve(at(0)) else { continue };
                assert!(held.fetch_add(1, SeqCst) < 3, "more than there is");
                held.fetch_sub(1, SeqCst);
                ledger.give_back(turn);
            }
        });
        assert_eq!((0..9).filter_map(|_| shared.reserve(at(0))).count(), 3);
    });
}

#[test]
fn no_first_attempt_of_a_crowd_is_lost_while_a_bucket_begins_anew() {
    explore(|| {
        let ledger = ledger(0, 100);
        ledger.count_first(0, at(0));
        let shared = Arc::clone(&ledger);
        crowd(move |_| (0..4).for_each(|_| shared.count_first(0, at(2))));
        assert_eq!(ledger.balance(at(2)).0, 32);
    });
}
