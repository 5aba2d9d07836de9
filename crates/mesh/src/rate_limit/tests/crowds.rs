//! Many threads, by shuttle.

use std::sync::Arc;

use super::{
    super::{gcra::Cell, table::Table},
    *,
};
use crate::sync::model::{crowd, explore};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn of_a_crowd_as_many_calls_pass_as_the_burst_has() {
    explore(|| {
        let (cell, quota) = (Cell::new(), quota(1, SECOND, 20));
        let passed = crowd(move |_| (0..4).filter(|_| cell.take(&quota, at(0)).is_ok()).count());
        assert_eq!(passed.into_iter().sum::<usize>(), 20);
    });
}

#[test]
fn clocks_that_differ_give_nobody_more() {
    explore(|| {
        let (cell, quota) = (Cell::new(), quota(1, SECOND, 5));
        let now = |number: usize| at(number as u64 * 142_857_142);
        let passed = crowd(move |number| (0..4).filter(|_| cell.take(&quota, now(number)).is_ok()).count());
        let passed: usize = passed.into_iter().sum();
        // All clocks are within a second. Whose is behind may come too early for what another's has let pass.
        assert!((4..=5).contains(&passed), "{passed}");
    });
}

#[test]
fn more_keys_than_there_are_places_get_no_more_than_the_places_have() {
    explore(|| {
        let (table, quota) = (Arc::new(Table::new(1)), quota(1, SECOND, 1));
        let take = move |number: usize| {
            (0..4).filter(|_| table.take(number as u64 + 1, &quota, at(0)).result.is_ok()).count()
        };
        let passed = crowd(take);
        assert!(passed.iter().all(|passed| *passed <= 1), "{passed:?}");
        assert_eq!(passed.into_iter().sum::<usize>(), 7, "one for each place");
    });
}
