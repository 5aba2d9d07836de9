//! Histograms that remember, for each bucket, one trace that ended in it: the way from a peak on a dashboard to the
//! request that made it.
//!
//! Everything is counted in whole numbers (nanoseconds, bytes), so that an observation is two atomic additions. An
//! exemplar costs a lock that nobody waits for, and only where the trace is sampled: the others lead nowhere.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use database::Clock;

use super::family::{Sample, Value};
use crate::trace::Trace;

/// The upper bounds of a histogram's buckets, each inclusive; the last bucket has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buckets {
    bounds: &'static [u64],
    /// How many of what is counted make one of what is shown.
    per_unit: f64,
}

impl Buckets {
    /// Durations, shown in seconds.
    #[must_use]
    pub const fn nanoseconds(bounds: &'static [u64]) -> Self {
        Self { bounds, per_unit: 1e9 }
    }

    /// Durations, shown in seconds.
    #[must_use]
    pub const fn microseconds(bounds: &'static [u64]) -> Self {
        Self { bounds, per_unit: 1e6 }
    }

    /// Bytes, or things.
    #[must_use]
    pub const fn whole(bounds: &'static [u64]) -> Self {
        Self { bounds, per_unit: 1.0 }
    }

    /// What was counted elsewhere, bucket by bucket, as this shows it.
    ///
    /// `counts` has one more than there are bounds; what lacks is zero.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody reads the last digit")]
    pub fn snapshot(&self, counts: &[u64], sum: u64) -> Snapshot {
        let mut cumulative = 0_u64;
        let mut bucket = |index: usize, upper: f64| {
            cumulative += counts.get(index).copied().unwrap_or(0);
            Bucket { upper, cumulative, exemplar: None }
        };
        let mut buckets = Vec::with_capacity(self.bounds.len() + 1);
        for (index, bound) in self.bounds.iter().enumerate() {
            buckets.push(bucket(index, *bound as f64 / self.per_unit));
        }
        buckets.push(bucket(self.bounds.len(), f64::INFINITY));
        Snapshot { buckets, sum: sum as f64 / self.per_unit }
    }
}

/// How values have spread, at the moment of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// By ascending bound; the last is infinite, and has counted all.
    pub buckets: Vec<Bucket>,
    /// Their sum.
    pub sum: f64,
}

impl Snapshot {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.last().map_or(0, |last| last.cumulative)
    }
}

/// One bucket of a [`Snapshot`].
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The largest value that it counts.
    pub upper: f64,
    /// How many were no larger.
    pub cumulative: u64,
    /// One that is in this bucket and in none before it.
    pub exemplar: Option<Exemplar>,
}

/// A value, and the trace in which it was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The value.
    pub value: f64,
    /// When, in seconds since the Unix epoch.
    pub at: f64,
}

/// Counts how values spread. Clones count together.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    buckets: Buckets,
    clock: Clock,
    /// One more than there are bounds; not cumulative, so that each value touches one.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    /// As many; made for the first trace that is sampled.
    exemplars: OnceLock<Box<[Mutex<Option<Kept>>]>>,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    trace: Trace,
    value: u64,
    at: i64,
}

impl Histogram {
    pub(super) fn new(buckets: Buckets, clock: Clock) -> Self {
        let counts = (0..=buckets.bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Counts { buckets, clock, counts, sum: AtomicU64::new(0), exemplars: OnceLock::new() }))
    }

    /// Counts a value in the unit of the buckets' bounds.
    pub fn observe(&self, value: u64) {
        self.count(value);
    }

    /// Counts a duration that was measured for a request or a message of `trace`. The buckets are in nanoseconds.
    pub fn time(&self, took: Duration, trace: Option<&Trace>) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = self.count(nanoseconds);
        if let Some(trace) = trace.filter(|trace| trace.is_sampled()) {
            self.keep(bucket, Kept { trace: *trace, value: nanoseconds, at: self.0.clock.now() });
        }
    }

    fn count(&self, value: u64) -> usize {
        let counts = &*self.0;
        let bucket = counts.buckets.bounds.partition_point(|bound| *bound < value);
        counts.counts[bucket].fetch_add(1, Relaxed);
        counts.sum.fetch_add(value, Relaxed);
        bucket
    }

    /// The latest one is kept, unless another is being written at this moment.
    fn keep(&self, bucket: usize, exemplar: Kept) {
        let none = || (0..self.0.counts.len()).map(|_| Mutex::new(None)).collect();
        let slots = self.0.exemplars.get_or_init(none);
        if let Ok(mut slot) = slots[bucket].try_lock() {
            *slot = Some(exemplar);
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let counts: Vec<u64> = self.0.counts.iter().map(|count| count.load(Relaxed)).collect();
        let mut snapshot = self.0.buckets.snapshot(&counts, self.0.sum.load(Relaxed));
        for (bucket, slot) in snapshot.buckets.iter_mut().zip(self.0.exemplars.get().into_iter().flatten()) {
            let kept = *slot.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.exemplar = kept.map(|kept| kept.shown(self.0.buckets.per_unit));
        }
        snapshot
    }
}

impl Kept {
    #[expect(clippy::cast_precision_loss, reason = "an exemplar is looked at by people")]
    fn shown(&self, per_unit: f64) -> Exemplar {
        Exemplar {
            trace_id: self.trace.trace_id().to_string(),
            value: self.value as f64 / per_unit,
            at: self.at as f64 / 1e6,
        }
    }
}

/// The histograms of a family, one for each set of labels. Clones share them.
#[derive(Clone, Debug)]
pub struct HistogramVec {
    buckets: Buckets,
    clock: Clock,
    by_labels: Arc<Mutex<BTreeMap<Vec<String>, Histogram>>>,
}

impl HistogramVec {
    pub(super) fn new(buckets: Buckets, clock: Clock) -> Self {
        Self { buckets, clock, by_labels: Arc::default() }
    }

    /// The histogram of these labels, which a hot path looks up once and keeps: see [`Series`](super::Series).
    #[must_use]
    pub fn with(&self, labels: &[&str]) -> Histogram {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        let mut by_labels = self.by_labels.lock().unwrap_or_else(PoisonError::into_inner);
        by_labels.entry(labels).or_insert_with(|| Histogram::new(self.buckets, self.clock.clone())).clone()
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        let by_labels = self.by_labels.lock().unwrap_or_else(PoisonError::into_inner);
        let sample = |(labels, histogram): (&Vec<String>, &Histogram)| Sample {
            labels: labels.clone(),
            value: Value::Spread(histogram.snapshot()),
        };
        by_labels.iter().map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKETS: Buckets = Buckets::nanoseconds(&[1_000, 1_000_000]);
    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn histogram() -> Histogram {
        Histogram::new(BUCKETS, Clock::manual(1_500_000).0)
    }

    fn cumulative(snapshot: &Snapshot) -> Vec<u64> {
        snapshot.buckets.iter().map(|bucket| bucket.cumulative).collect()
    }

    #[test]
    fn a_bound_is_inclusive_and_buckets_are_shown_cumulatively() {
        let histogram = histogram();
        for nanoseconds in [0, 1_000, 1_001, 1_000_000, 2_000_000] {
            histogram.time(Duration::from_nanos(nanoseconds), None);
        }
        let snapshot = histogram.snapshot();
        assert_eq!(cumulative(&snapshot), [2, 4, 5]);
        assert_eq!((snapshot.count(), snapshot.sum), (5, 0.003_002_001));
        assert_eq!(snapshot.buckets[0].upper, 0.000_001);
    }

    #[test]
    fn each_bucket_keeps_the_latest_trace_that_is_sampled() {
        let histogram = histogram();
        let (sampled, unsampled): (Trace, Trace) = (SAMPLED.parse().unwrap(), UNSAMPLED.parse().unwrap());
        histogram.time(Duration::from_nanos(10), Some(&unsampled));
        assert_eq!(histogram.snapshot().buckets[0].exemplar, None);
        histogram.time(Duration::from_nanos(500), Some(&sampled));
        histogram.time(Duration::from_nanos(600), Some(&unsampled));
        let exemplars: Vec<_> = histogram.snapshot().buckets.into_iter().map(|it| it.exemplar).collect();
        let expected = Exemplar { trace_id: SAMPLED[3..35].to_owned(), value: 5e-7, at: 1.5 };
        assert_eq!(exemplars, [Some(expected), None, None]);
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let histogram = histogram();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| histogram.observe(2_000)));
            }
        });
        assert_eq!(cumulative(&histogram.snapshot()), [0, 4000, 4000]);
    }
}
