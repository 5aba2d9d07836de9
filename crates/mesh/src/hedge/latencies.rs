//! How long calls take: a histogram that forgets, written without a lock.

use std::{sync::atomic::Ordering, time::Duration};

use crate::{clock::nanos, sync::AtomicU64};

/// Counts in buckets of which each power of two has sixteen, so that a time is told to within 6.25 %, from 1 µs to 137 s.
///
/// Every [`EVERY`] calls whoever comes looks the percentile up anew, so that a call only reads it. When [`AT_MOST`] calls are counted all counts are
/// halved: an old call weighs half of what one weighs that came after the halving.
#[derive(Debug)]
pub(super) struct Latencies {
    buckets: Box<[AtomicU64]>,
    recorded: AtomicU64,
    /// Whether somebody is looking it up: 0 or 1.
    looking: AtomicU64,
    /// The percentile in nanoseconds; [`UNKNOWN`] until there are enough calls.
    percentile: AtomicU64,
    share: f64,
    minimum_calls: u64,
}

const EVERY: u64 = 32;
const AT_MOST: u64 = 4_096;
const UNKNOWN: u64 = u64::MAX;

/// Times are counted in units of 1,024 ns.
const UNIT_BITS: u32 = 10;
const PARTS_BITS: u32 = 4;
const PARTS: u64 = 1 << PARTS_BITS;
/// The last bucket ends at 2^27 units.
const BUCKETS: usize = (27 - PARTS_BITS as usize + 1) << PARTS_BITS;

impl Latencies {
    pub(super) fn new(percentile: f64, minimum_calls: u32) -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            recorded: AtomicU64::new(0),
            looking: AtomicU64::new(0),
            percentile: AtomicU64::new(UNKNOWN),
            share: percentile / 100.0,
            minimum_calls: minimum_calls.into(),
        }
    }

    /// Counts a call.
    pub(super) fn record(&self, time: Duration) {
        self.buckets[index(time)].fetch_add(1, Ordering::Relaxed);
        let recorded = self.recorded.fetch_add(1, Ordering::Relaxed) + 1;
        let is_due = recorded.is_multiple_of(EVERY) || recorded == self.minimum_calls;
        if is_due && recorded >= self.minimum_calls {
            self.look_up();
        }
    }

    /// The percentile, once enough calls are known. It is that of a few calls ago.
    pub(super) fn percentile(&self) -> Option<Duration> {
        let nanos = self.percentile.load(Ordering::Relaxed);
        (nanos != UNKNOWN).then(|| Duration::from_nanos(nanos))
    }

    /// Unless somebody else does.
    fn look_up(&self) {
        if self.looking.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total = counts.iter().sum();
        self.percentile.store(upper_end(rank(&counts, total, self.share)), Ordering::Relaxed);
        if total >= AT_MOST {
            for (bucket, count) in self.buckets.iter().zip(counts) {
                // Rounded up, or a single call would never be forgotten. What was counted in between stays.
                bucket.fetch_sub(count.div_ceil(2), Ordering::Relaxed);
            }
        }
        self.looking.store(0, Ordering::Release);
    }
}

/// In which bucket so large a share of the calls is reached.
fn rank(counts: &[u64], total: u64, share: f64) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
    let wanted = total as f64 * share;
    let mut seen = 0;
    let reached = counts.iter().position(|count| {
        seen += count;
        #[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
        let seen = seen as f64;
        seen >= wanted
    });
    reached.unwrap_or(BUCKETS - 1)
}

/// The first buckets are of one unit each; from there on the highest bits choose.
fn index(time: Duration) -> usize {
    let units = nanos(time) >> UNIT_BITS;
    let index = if units < PARTS {
        units
    } else {
        let shift = units.ilog2() - PARTS_BITS;
        (u64::from(shift) << PARTS_BITS) + (units >> shift)
    };
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// Where a bucket ends, in nanoseconds.
fn upper_end(index: usize) -> u64 {
    let next = index as u64 + 1;
    let units = if next <= PARTS {
        next
    } else {
        let shift = (next >> PARTS_BITS) - 1;
        (PARTS + (next & (PARTS - 1))) << shift
    };
    units << UNIT_BITS
}

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_a_bucket_that_ends_at_most_a_sixteenth_after_it() {
        let mut nanos = 1_u64;
        while nanos < 100_000_000_000 {
            let end = upper_end(index(Duration::from_nanos(nanos)));
            assert!(end > nanos, "{nanos} ns is in a bucket that ends at {end}");
            assert!(
                end <= nanos + nanos / 16 + (1 << UNIT_BITS),
                "{nanos} ns is in a bucket that ends at {end}"
            );
            nanos += nanos / 50 + 1;
        }
        assert_eq!(index(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for bucket in 0..BUCKETS - 1 {
            assert_eq!(index(Duration::from_nanos(upper_end(bucket))), bucket + 1);
        }
    }
}
