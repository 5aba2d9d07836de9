//! How long things took: histograms of microseconds, and what is told of them.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Beyond this a time counts as this long: an hour.
const LONGEST: u64 = 3_600_000_000;

/// Three digits: what is told of a time is at most a thousandth off.
const DIGITS: u8 = 3;

/// Times, counted by their length. However many, they take 200 KiB.
#[derive(Clone, Debug)]
pub(super) struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST, DIGITS).expect("a histogram may have three digits"))
    }
}

impl Times {
    /// One more.
    pub(super) fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(LONGEST).min(LONGEST);
        self.0.saturating_record(micros);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.reset();
    }

    /// At most so long in this part of the cases.
    pub(super) fn at(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(quantile))
    }

    pub(super) fn told(&self) -> Percentiles {
        let ms = |micros: u64| micros as f64 / 1000.0;
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        Percentiles {
            count: self.0.len(),
            mean: self.0.mean() / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(self.0.max()),
        }
    }
}

/// What is told of many times, in milliseconds. Each is at most a thousandth longer than what was measured; all are 0 where
/// nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many there are.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// Half of them took at most this long.
    pub p50: f64,
    /// Nine in ten.
    pub p90: f64,
    /// All but one in a hundred.
    pub p99: f64,
    /// All but one in a thousand.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_what_was_recorded_to_a_thousandth() {
        let mut times = Times::default();
        (1..=1000).for_each(|ms| times.record(Duration::from_millis(ms)));
        let Percentiles { count, mean, p50, p90, p99, p999, max } = times.told();
        assert_eq!(count, 1000);
        for (told, exact) in
            [(mean, 500.5), (p50, 500.0), (p90, 900.0), (p99, 990.0), (p999, 999.0), (max, 1000.0)]
        {
            assert!((told - exact).abs() <= exact / 1000.0, "{told} for {exact}");
        }
    }

    #[test]
    fn the_longest_time_is_an_hour_and_nothing_is_zero() {
        let mut times = Times::default();
        assert_eq!(times.told(), Percentiles::default());
        times.record(Duration::MAX);
        assert!(times.at(1.0) >= Duration::from_secs(3600));
        times.clear();
        assert_eq!(times.count(), 0);
    }
}
