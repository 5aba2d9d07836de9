//! Every interleaving of two threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::{sync::Arc, time::Duration};

use super::super::latencies::Latencies;
use crate::sync::model::{explore_with, thread};

#[test]
fn whoever_finds_enough_calls_tells_and_nobody_waits_for_another() {
    explore_with(2, || {
        let latencies = Arc::new(Latencies::new(95.0, 2));
        let other = Arc::clone(&latencies);
        let thread = thread::spawn(move || other.record(Duration::from_millis(1)));
        latencies.record(Duration::from_millis(1));
        thread.join().expect("a thread that ends");
        let told = latencies.percentile().expect("two calls");
        assert!(told > Duration::from_millis(1) && told < Duration::from_micros(1_100));
    });
}
