//! Every interleaving of two threads, by loom.

use std::{sync::Arc, time::Duration};

use loom::thread;

use super::super::latencies::Latencies;

#[test]
fn whoever_finds_enough_calls_tells_and_nobody_waits_for_another() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.max_branches = 10_000;
    builder.check(|| {
        let latencies = Arc::new(Latencies::new(95.0, 2));
        let other = Arc::clone(&latencies);
        let thread = thread::spawn(move || other.record(Duration::from_millis(1)));
        latencies.record(Duration::from_millis(1));
        thread.join().expect("a thread that ends");
        let told = latencies.percentile().expect("two calls");
        assert!(told > Duration::from_millis(1) && told < Duration::from_micros(1_100));
    });
}
