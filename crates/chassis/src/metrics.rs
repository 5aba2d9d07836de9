//! Numbers for Prometheus: one registry per App, labelled with its service and style.
//!
//! Names follow Prometheus and OpenTelemetry: lower case, a unit in the name, `_total` on counters. Labels
//! are bounded: a route's template, never a path or an id.

use std::collections::{BTreeMap, HashMap};

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
    core::{AtomicF64, Collector, GenericGaugeVec},
    proto::MetricFamily,
};

use crate::platform::BuildInfo;

/// The media type of [`encode`].
pub const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Buckets for durations, in seconds: 0.5 ms to 30 s, each about twice the one before.
pub const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A metric cannot be registered: its name is taken, or against the rules.
#[derive(Debug, thiserror::Error)]
#[error("registering the metric `{name}`")]
pub struct Error {
    name: String,
    #[source]
    source: prometheus::Error,
}

/// The metrics of one App. Clones share the registry.
#[derive(Clone, Debug)]
pub struct Metrics {
    identity: Identity,
    registry: Registry,
}

/// Which App it is: one service in one style.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Identity {
    /// The style, "rest" say.
    pub style: String,
    /// The service, "customers" say.
    pub service: String,
}

impl Metrics {
    /// The registry of a service in a style, with `build_info` in it.
    ///
    /// # Errors
    /// None for names that are not empty.
    pub fn new(service: &str, style: &str, build: BuildInfo) -> Result<Self, Error> {
        let labels = HashMap::from([("service", service), ("style", style)]);
        let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let registry = Registry::new_custom(None, Some(labels))
            .map_err(|source| Error { name: service.to_owned(), source })?;
        let metrics =
            Metrics { identity: Identity { style: style.into(), service: service.into() }, registry };
        let info = metrics.gauge(
            "build_info",
            "Always 1; the labels say which build this is.",
            &["version", "commit"],
        )?;
        info.with_label_values(&[build.version, build.commit]).set(1);
        Ok(metrics)
    }

    /// Which App these metrics are of.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The registry itself, for collectors that read their numbers when asked.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A number that only grows.
    ///
    /// # Errors
    /// The name is taken or against the rules; this is so for all that follow.
    pub fn counter(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, Error> {
        self.register(name, IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// A number that goes up and down.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, Error> {
        self.register(name, IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// A number of seconds, bytes or the like that goes up and down.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn float_gauge(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<GenericGaugeVec<AtomicF64>, Error> {
        self.register(name, GenericGaugeVec::new(Opts::new(name, help), labels))
    }

    /// How values spread over `buckets`, [`SECONDS`] say.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, Error> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(name, HistogramVec::new(options, labels))
    }

    fn register<C: Collector + Clone + 'static>(
        &self,
        name: &str,
        collector: prometheus::Result<C>,
    ) -> Result<C, Error> {
        let registered = collector.and_then(|collector| {
            self.registry.register(Box::new(collector.clone()))?;
            Ok(collector)
        });
        registered.map_err(|source| Error { name: name.to_owned(), source })
    }
}

/// The metrics of several Apps in one exposition: each family once, as the format demands, with the series of
/// all.
///
/// # Errors
/// A family without series or of two types, which registries keep out.
pub fn encode<'a>(apps: impl IntoIterator<Item = &'a Metrics>) -> Result<String, Error> {
    let mut families: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for mut family in apps.into_iter().flat_map(|app| app.registry.gather()) {
        match families.get_mut(family.name()) {
            Some(known) => known.mut_metric().extend(family.take_metric()),
            None => drop(families.insert(family.name().to_owned(), family)),
        }
    }
    let mut families: Vec<_> = families.into_values().collect();
    for metric in families.iter_mut().flat_map(MetricFamily::mut_metric) {
        // Constant labels come from a hash map; the same numbers should read the same every time.
        metric.mut_label().sort_by(|one, other| one.name().cmp(other.name()));
    }
    let mut text = Vec::new();
    let encoded = TextEncoder::new().encode(&families, &mut text);
    encoded.map_err(|source| Error { name: "all".to_owned(), source })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(service: &str, style: &str) -> Metrics {
        Metrics::new(service, style, BuildInfo::current()).unwrap()
    }

    #[test]
    fn every_series_names_its_service_and_style() {
        let metrics = metrics("customers", "rest");
        let sent = metrics.counter("mails_sent_total", "Mails sent.", &["kind"]).unwrap();
        sent.with_label_values(&["welcome"]).inc();
        let text = encode([&metrics]).unwrap();
        let series = r#"mails_sent_total{kind="welcome",service="customers",style="rest"} 1"#;
        assert!(text.contains(series), "{text}");
    }

    #[test]
    fn the_union_tells_each_family_once_with_the_series_of_all() {
        let text = encode([&metrics("customers", "rest"), &metrics("billing", "rest")]).unwrap();
        assert_eq!(text.matches("# TYPE build_info gauge").count(), 1);
        assert!(text.contains(r#"service="customers""#) && text.contains(r#"service="billing""#));
    }

    #[test]
    fn a_name_is_taken_once_only() {
        let metrics = metrics("customers", "rest");
        let error = metrics.gauge("build_info", "Again.", &[]).unwrap_err();
        assert_eq!(error.to_string(), "registering the metric `build_info`");
    }
}
