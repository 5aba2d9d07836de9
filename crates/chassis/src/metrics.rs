//! Numbers for Prometheus: one registry per App, whose series are labelled with its service and style.
//!
//! Names follow Prometheus and OpenTelemetry: lower case, a unit in the name, `_total` on counters. Labels are bounded:
//! a route's template or a message's type, never a path or an id.
//!
//! ```
//! # use chassis::{metrics::{BRIEF_SECONDS, Format, Metrics, exposition}, platform::Platform};
//! # use std::time::Duration;
//! # fn main() -> Result<(), chassis::metrics::Error> {
//! let metrics = Metrics::new("greetings", "rest", &Platform::system())?;
//!
//! // Something that is counted where it happens. Whoever does so often resolves the labels once.
//! let greeted = metrics.counter("greetings_total", "Greetings.", &["language"])?;
//! let english = greeted.with_label_values(&["en"]);
//! english.inc();
//!
//! // Something that takes its time, whose buckets remember a trace each.
//! let took = metrics.histogram("greeting_duration_seconds", "How long they took.", &[], BRIEF_SECONDS)?;
//! took.with(&[]).time(Duration::from_micros(300), None);
//!
//! // Something that is counted elsewhere already, and read when somebody scrapes.
//! metrics.read_gauge("greetings_queued", "Greetings that wait.", &[], |shown| shown.count(&[], 3))?;
//!
//! let text = exposition([&metrics], Format::Text)?;
//! assert!(text.contains(r#"greetings_total{language="en",service="greetings",style="rest"} 1"#));
//! # Ok(())
//! # }
//! ```

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use database::Clock;
use prometheus::{
    IntCounterVec, IntGaugeVec, Opts,
    core::{AtomicF64, Collector, GenericGaugeVec},
    proto,
};

use crate::platform::{BuildInfo, Platform};

mod buckets;
mod exposition;
mod family;
mod format;
mod histogram;
mod process;
mod runtime;
mod series;

pub use buckets::{BODY_BYTES, BRIEF_SECONDS, CALL_SECONDS, HOW_MANY, LAG_SECONDS, PATIENT_SECONDS};
pub use family::{Description, Kind, Sample, Samples, Value};
pub use format::Format;
pub use histogram::{Bucket, Buckets, Exemplar, Histogram, HistogramVec, Snapshot};
pub use series::{OTHER, Series};

/// A metric cannot be registered or shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is against the rules.
    #[error("registering the metric `{name}`: {why}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// Which rule.
        why: &'static str,
    },
    /// Its name is taken.
    #[error("registering the metric `{name}`: the name is taken")]
    Taken {
        /// Its name.
        name: &'static str,
    },
    /// The library refuses it.
    #[error("registering the metric `{name}`")]
    Refused {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: prometheus::Error,
    },
    /// Two Apps count different things by one name.
    #[error("two Apps count different things as `{name}`")]
    Differs {
        /// The name.
        name: &'static str,
    },
}

/// The metrics of one App. Clones share the registry.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    identity: Identity,
    clock: Clock,
    families: Mutex<Vec<Registered>>,
    sources: Mutex<Vec<Source>>,
}

/// Tells several families at a time, those that it has samples of.
type Source = Arc<dyn Fn() -> Vec<(Description, Vec<Sample>)> + Send + Sync>;

#[derive(Clone)]
struct Registered {
    description: Description,
    collect: Arc<dyn Fn() -> Vec<Sample> + Send + Sync>,
}

/// Which App it is: one service in one style.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Identity {
    /// The style, "rest" say.
    pub style: String,
    /// The service, "customers" say.
    pub service: String,
}

type FloatGaugeVec = GenericGaugeVec<AtomicF64>;

impl Metrics {
    /// The registry of a service in a style, with `build_info` in it.
    ///
    /// # Errors
    /// None.
    pub fn new(service: &str, style: &str, platform: &Platform) -> Result<Self, Error> {
        let metrics = Self(Arc::new(Shared {
            identity: Identity { style: style.into(), service: service.into() },
            clock: platform.clock.clone(),
            families: Mutex::default(),
            sources: Mutex::default(),
        }));
        let (build, help) = (platform.build, "Always 1; the labels say which build this is.");
        metrics.read_gauge("build_info", help, BuildInfo::LABELS, move |shown| {
            shown.count(&build.labels(), 1);
        })?;
        Ok(metrics)
    }

    /// Which App these metrics are of.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// A number that only grows. Its name ends in `_total`.
    ///
    /// # Errors
    /// The name is taken or against the rules; this is so for all that follow.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Result<IntCounterVec, Error> {
        let made = IntCounterVec::new(Opts::new(name, help), labels);
        self.vector(Description { name, help, labels: labels.into(), kind: Kind::Counter }, made)
    }

    /// A whole number that goes up and down.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Result<IntGaugeVec, Error> {
        let made = IntGaugeVec::new(Opts::new(name, help), labels);
        self.vector(Description { name, help, labels: labels.into(), kind: Kind::Gauge }, made)
    }

    /// A number of seconds, bytes or the like that goes up and down.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn float_gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Result<FloatGaugeVec, Error> {
        let made = FloatGaugeVec::new(Opts::new(name, help), labels);
        self.vector(Description { name, help, labels: labels.into(), kind: Kind::Gauge }, made)
    }

    /// How values spread over `buckets`, [`CALL_SECONDS`] say.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        buckets: Buckets,
    ) -> Result<HistogramVec, Error> {
        let histogram = HistogramVec::new(buckets, self.0.clock.clone());
        let shown = histogram.clone();
        let description = Description { name, help, labels: labels.into(), kind: Kind::Histogram };
        self.register(description, move || shown.samples())?;
        Ok(histogram)
    }

    /// A number that only grows and is counted elsewhere: `read` tells it at every scrape. It answers from what is
    /// known, at once; this is so for all that follow.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn read_counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        read: impl Fn(&mut Samples) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.read(Description { name, help, labels: labels.into(), kind: Kind::Counter }, read)
    }

    /// A number that goes up and down and is known elsewhere.
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn read_gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        read: impl Fn(&mut Samples) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.read(Description { name, help, labels: labels.into(), kind: Kind::Gauge }, read)
    }

    /// How values spread that are counted elsewhere; see [`Buckets::snapshot`].
    ///
    /// # Errors
    /// See [`counter`](Self::counter).
    pub fn read_histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        read: impl Fn(&mut Samples) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.read(Description { name, help, labels: labels.into(), kind: Kind::Histogram }, read)
    }

    /// Families that are known elsewhere, as many of them as have samples at a scrape: for what changes with what is configured. Their names are theirs to
    /// keep apart from others.
    pub fn read_families(&self, read: impl Fn() -> Vec<(Description, Vec<Sample>)> + Send + Sync + 'static) {
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(read));
    }

    fn read(
        &self,
        description: Description,
        read: impl Fn(&mut Samples) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.register(description, move || {
            let mut samples = Samples::default();
            read(&mut samples);
            samples.0
        })
    }

    fn vector<C: Collector + Clone + 'static>(
        &self,
        description: Description,
        made: prometheus::Result<C>,
    ) -> Result<C, Error> {
        description.check().map_err(|why| Error::Malformed { name: description.name, why })?;
        let vector = made.map_err(|source| Error::Refused { name: description.name, source })?;
        let (shown, labels) = (vector.clone(), description.labels.clone());
        let collect = move || shown.collect().iter().flat_map(|family| samples(family, &labels)).collect();
        self.register(description, collect)?;
        Ok(vector)
    }

    fn register(
        &self,
        description: Description,
        collect: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let name = description.name;
        description.check().map_err(|why| Error::Malformed { name, why })?;
        let mut families = self.0.families.lock().unwrap_or_else(PoisonError::into_inner);
        if families.iter().any(|family| family.description.name == name) {
            return Err(Error::Taken { name });
        }
        families.push(Registered { description, collect: Arc::new(collect) });
        Ok(())
    }

    fn sources(&self) -> Vec<Source> {
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn families(&self) -> Vec<Registered> {
        self.0.families.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families = self.families();
        let names: Vec<_> = families.iter().map(|family| family.description.name).collect();
        f.debug_struct("Metrics").field("identity", &self.0.identity).field("families", &names).finish()
    }
}

/// The samples of a counter or gauge, by the order of its labels' names.
fn samples(family: &proto::MetricFamily, names: &[&str]) -> Vec<Sample> {
    let sample = |metric: &proto::Metric| {
        let value = match family.get_field_type() {
            proto::MetricType::COUNTER => metric.get_counter().get_value(),
            _ => metric.get_gauge().get_value(),
        };
        let label = |name: &&str| metric.get_label().iter().find(|label| label.name() == *name);
        let labels = names.iter().map(|name| label(name).map_or("", |label| label.value()).to_owned());
        Sample { labels: labels.collect(), value: Value::Number(value) }
    };
    let mut samples: Vec<_> = family.get_metric().iter().map(sample).collect();
    // They come out of a hash map; the same numbers should read the same every time.
    samples.sort_by(|one, other| one.labels.cmp(&other.labels));
    samples
}

/// The metrics of several Apps in one exposition: each family once, as the formats demand, with the series of all; and
/// those of the process, which has one memory and one runtime however many Apps it runs.
///
/// # Errors
/// Two Apps count different things by one name.
pub fn exposition<'a>(apps: impl IntoIterator<Item = &'a Metrics>, format: Format) -> Result<String, Error> {
    let apps: Vec<_> = apps.into_iter().collect();
    let mut families = exposition::Families::default();
    for app in &apps {
        for Registered { description, collect } in app.families() {
            families.add(Some(app.identity()), &description, collect())?;
        }
        for (description, samples) in app.sources().iter().flat_map(|read| read()) {
            families.add(Some(app.identity()), &description, samples)?;
        }
    }
    for (description, samples) in process::families().into_iter().chain(runtime::families()) {
        families.add(None, &description, samples)?;
    }
    Ok(families.write(format))
}

#[cfg(test)]
mod tests;
