//! Many threads, by shuttle.

use std::{sync::Arc, time::Duration};

use super::super::{
    estimate::{Estimate, Scale},
    outlier::Record,
};
use crate::{
    clock::Moment,
    sync::model::{crowd, explore, thread},
};

#[test]
fn of_many_samples_at_once_the_highest_one_is_never_lost() {
    explore(|| {
        let estimate = Arc::new(Estimate::default());
        let shared = Arc::clone(&estimate);
        let now = || Scale::new(Moment::from_nanos(1 << 30), Duration::from_secs(10));
        crowd(move |number| [1.0, 100.0, 10.0].map(|sample| shared.peak(now(), sample + number as f32)));
        assert_eq!(estimate.last(), Some(107.0));
    });
}

#[test]
fn intervals_that_end_while_a_crowd_calls_count_each_call_once() {
    explore(|| {
        let record = Arc::new(Record::default());
        let taking = {
            let record = Arc::clone(&record);
            thread::spawn(move || [record.take(), record.take(), record.take()])
        };
        let shared = Arc::clone(&record);
        crowd(move |number| [0, 1, 2, 3].map(|call| shared.count((number + call) % 2 == 0)));
        let mut taken = taking.join().expect("a thread that ends").to_vec();
        taken.push(record.take());
        let calls: u64 = taken.iter().map(|tally| u64::from(tally.calls)).sum();
        let successes: u64 = taken.iter().map(|tally| u64::from(tally.successes)).sum();
        assert_eq!((calls, successes), (32, 16));
    });
}
