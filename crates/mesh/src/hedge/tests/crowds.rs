//! Many threads, by shuttle.

use std::{sync::Arc, time::Duration};

use super::super::latencies::Latencies;
use crate::sync::model::{crowd, explore};

#[test]
fn a_crowd_that_records_beside_each_other_tells_what_it_has_seen() {
    explore(|| {
        let latencies = Arc::new(Latencies::new(95.0, 16));
        let shared = Arc::clone(&latencies);
        crowd(move |_| (0..2).for_each(|_| shared.record(Duration::from_millis(1))));
        let told = latencies.percentile().expect("sixteen calls");
        assert!(told > Duration::from_millis(1) && told < Duration::from_micros(1_100));
    });
}
