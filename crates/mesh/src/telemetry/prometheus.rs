//! The families as the crate `prometheus` has them.

use std::collections::HashMap;

use prometheus::{
    Error,
    core::{Collector, Desc},
    proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType},
};

use super::{Families, Family, Kind, Sample, Telemetry};

/// Reads every handle when a registry is gathered from.
#[derive(Debug)]
pub struct PrometheusCollector {
    telemetry: Telemetry,
    descriptions: Vec<Desc>,
}

impl PrometheusCollector {
    /// For a registry, which takes one of it.
    ///
    /// # Errors
    /// `prometheus` does not take the name of a family. There is none of which we know.
    pub fn new(telemetry: Telemetry) -> Result<Self, Error> {
        let descriptions = Family::all().map(describe).collect::<Result<_, _>>()?;
        Ok(Self { telemetry, descriptions })
    }
}

impl Collector for PrometheusCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.telemetry.families().iter().map(family).collect()
    }
}

fn describe(family: &'static Family) -> Result<Desc, Error> {
    let labels = names(family).map(str::to_owned).collect();
    Desc::new(family.name.to_owned(), family.help.to_owned(), labels, HashMap::new())
}

fn names(family: &'static Family) -> impl Iterator<Item = &'static str> {
    ["name", "target"].into_iter().chain(family.labels.iter().copied())
}

fn family(families: &Families) -> MetricFamily {
    let family = families.family;
    let mut shown = MetricFamily::default();
    shown.set_name(family.name.to_owned());
    shown.set_help(family.help.to_owned());
    shown.set_field_type(match family.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
    });
    shown.set_metric(families.samples.iter().map(|sample| metric(family, sample)).collect());
    shown
}

fn metric(family: &'static Family, sample: &Sample) -> Metric {
    let values = [&*sample.name, &*sample.target].into_iter().chain(sample.labels.iter().copied());
    let mut labels: Vec<_> = names(family).zip(values).map(|(name, value)| label(name, value)).collect();
    labels.sort(); // as registries have them
    let mut metric = Metric::from_label(labels);
    match family.kind {
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(sample.value);
            metric.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(sample.value);
            metric.set_gauge(gauge);
        }
    }
    metric
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}
