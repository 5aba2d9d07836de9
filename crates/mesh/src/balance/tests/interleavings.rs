//! Every interleaving of two threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::{sync::Arc, time::Duration};

use super::super::{
    estimate::{Estimate, Scale},
    outlier::{Record, Tally},
};
use crate::{
    clock::Moment,
    sync::model::{explore, thread},
};

fn now() -> Scale {
    Scale::new(Moment::from_nanos(1 << 30), Duration::from_secs(10))
}

#[test]
fn of_two_samples_at_once_the_higher_one_is_never_lost() {
    explore(|| {
        let estimate = Arc::new(Estimate::default());
        let other = Arc::clone(&estimate);
        let other = thread::spawn(move || other.peak(now(), 100.0));
        estimate.peak(now(), 10.0);
        other.join().expect("a thread that ends");
        assert_eq!(estimate.last(), Some(100.0));
    });
}

#[test]
fn an_interval_that_ends_during_a_call_counts_it_once() {
    explore(|| {
        let record = Arc::new(Record::default());
        let other = Arc::clone(&record);
        let other = thread::spawn(move || other.count(true));
        record.count(false);
        let first = record.take();
        other.join().expect("a thread that ends");
        let second = record.take();
        let both = Tally { calls: first.calls + second.calls, successes: first.successes + second.successes };
        assert_eq!(both, Tally { calls: 2, successes: 1 });
    });
}
