//! Every interleaving of two or three threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::sync::Arc;

use super::{
    super::{gcra::Cell, table::Table},
    *,
};
use crate::sync::model::{explore, thread};

const SECOND: Duration = Duration::from_secs(1);

/// How many of the threads' calls pass.
fn passed<const N: usize>(take: impl Fn(usize) -> bool + Send + Sync + 'static) -> usize {
    let take = Arc::new(take);
    let threads: [_; N] = std::array::from_fn(|thread| {
        let take = Arc::clone(&take);
        thread::spawn(move || take(thread))
    });
    threads.into_iter().map(|thread| usize::from(thread.join().expect("it ends"))).sum()
}

#[test]
fn of_two_calls_for_one_place_one_passes() {
    explore(|| {
        let (cell, quota) = (Cell::new(), quota(1, SECOND, 1));
        assert_eq!(passed::<2>(move |_| cell.take(&quota, at(0)).is_ok()), 1);
    });
}

#[test]
fn no_call_is_lost() {
    explore(|| {
        let (cell, quota) = (Arc::new(Cell::new()), quota(1, SECOND, 5));
        let shared = Arc::clone(&cell);
        assert_eq!(passed::<2>(move |_| (0..2).all(|_| shared.take(&quota, at(0)).is_ok())), 2);
        assert_eq!(cell.take(&quota, at(0)).expect("the fifth").remaining, 0);
        assert_eq!(cell.take(&quota, at(0)), Err(1_000_000_000));
    });
}

/// One thread's clock is a little behind the other's.
#[test]
fn a_moment_that_is_over_gives_nothing_back() {
    explore(|| {
        let (cell, quota) = (Cell::new(), quota(1, SECOND, 1));
        assert_eq!(passed::<2>(move |thread| cell.take(&quota, at(thread as u64 * 999_999_999)).is_ok()), 1);
    });
}

#[test]
fn two_newcomers_to_a_set_do_not_take_each_others_place() {
    explore(|| {
        let (table, quota) = (Arc::new(Table::new(1)), quota(1, SECOND, 1));
        let shared = Arc::clone(&table);
        assert_eq!(passed::<2>(move |key| shared.take(key as u64 + 1, &quota, at(0)).result.is_ok()), 2);
        assert!((1..=2).all(|key| table.take(key, &quota, at(0)).result.is_err()));
    });
}
