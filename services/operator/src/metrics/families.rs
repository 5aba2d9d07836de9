//! Families of metrics that have a prefix in common, made and registered in one go.

use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector,
};

type Made<T> = Result<T, prometheus::Error>;

/// A registry, and what the names of all that is in it begin with.
pub(super) struct Families {
    registry: Registry,
    prefix: &'static str,
}

impl Families {
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { registry: Registry::new(), prefix }
    }

    pub(super) fn into_registry(self) -> Registry {
        self.registry
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Made<IntCounterVec> {
        self.registered(IntCounterVec::new(self.opts(name, help), labels)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Made<IntGauge> {
        self.registered(IntGauge::with_opts(self.opts(name, help))?)
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Made<IntGaugeVec> {
        self.registered(IntGaugeVec::new(self.opts(name, help), labels)?)
    }

    /// Gauges of times, which are no whole numbers.
    pub(super) fn seconds(&self, name: &str, help: &str, labels: &[&str]) -> Made<GaugeVec> {
        self.registered(GaugeVec::new(self.opts(name, help), labels)?)
    }

    pub(super) fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Made<Histogram> {
        let opts = HistogramOpts::from(self.opts(name, help)).buckets(buckets.to_vec());
        self.registered(Histogram::with_opts(opts)?)
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Made<HistogramVec> {
        let opts = HistogramOpts::from(self.opts(name, help)).buckets(buckets.to_vec());
        self.registered(HistogramVec::new(opts, labels)?)
    }

    fn opts(&self, name: &str, help: &str) -> Opts {
        Opts::new(format!("{}_{name}", self.prefix), help)
    }

    fn registered<C: Collector + Clone + 'static>(&self, metric: C) -> Made<C> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}
