//! Whose spans they are: an App's resource, and what became of its spans.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
};
use prometheus::IntCounterVec;

use crate::{
    metrics::{self, Identity, Metrics},
    platform::Platform,
};

/// One service in one style, or the process itself.
pub(super) struct App {
    pub(super) resource: Resource,
    counts: OnceLock<Counts>,
}

struct Counts {
    exported: IntCounterVec,
    dropped: IntCounterVec,
}

/// Why a span never came to the collector.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lost {
    /// More spans at once than the queue takes.
    QueueFull,
    /// The collector is away, slow or unwell.
    NotSent,
    /// The collector would not have it.
    Rejected,
}

impl App {
    fn new(resource: Resource) -> Self {
        Self { resource, counts: OnceLock::new() }
    }

    pub(super) fn exported(&self, spans: u64) {
        if let Some(counts) = self.counts.get() {
            counts.exported.with_label_values::<&str>(&[]).inc_by(spans);
        }
    }

    pub(super) fn dropped(&self, why: Lost, spans: u64) {
        let reason = match why {
            Lost::QueueFull => "queue_full",
            Lost::NotSent => "not_sent",
            Lost::Rejected => "rejected",
        };
        if let Some(counts) = self.counts.get() {
            counts.dropped.with_label_values(&[reason]).inc_by(spans);
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("resource", &self.resource).finish_non_exhaustive()
    }
}

/// The Apps of a process.
pub(super) struct Apps {
    /// What their resources have in common.
    common: Vec<KeyValue>,
    process: Arc<App>,
    known: Mutex<HashMap<Identity, Arc<App>>>,
}

impl Apps {
    pub(super) fn new(process: &str, extra: Vec<(String, String)>, platform: &Platform) -> Self {
        let mut common: Vec<_> = extra.into_iter().map(|(key, value)| text(&key, value)).collect();
        common.push(text("service.version", platform.build.version));
        // Another one with each start, since no two that run at a time may share it.
        common.push(text("service.instance.id", platform.ids.next().to_string()));
        common.push(text("telemetry.sdk.name", "chassis"));
        common.push(text("telemetry.sdk.language", "rust"));
        common.push(text("telemetry.sdk.version", platform.build.version));
        let process = Arc::new(App::new(resource(&common, [text("service.name", process)])));
        Self { common, process, known: Mutex::default() }
    }

    /// The App of this name; the process, if it has none.
    pub(super) fn of(&self, identity: Identity) -> Arc<App> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&identity).unwrap_or(&self.process).clone()
    }

    pub(super) fn process(&self) -> &Arc<App> {
        &self.process
    }

    /// One that is built again, as tests do, is the same, and counts where it did.
    pub(super) fn register(&self, metrics: &Metrics) -> Result<(), metrics::Error> {
        let help = "Spans that the collector has taken.";
        let exported = metrics.counter("spans_exported_total", help, &[])?;
        let help = "Spans that never came to the collector: the queue was full, they were not sent in time, or rejected.";
        let dropped = metrics.counter("spans_dropped_total", help, &["reason"])?;
        exported.with_label_values::<&str>(&[]);
        for reason in ["queue_full", "not_sent", "rejected"] {
            dropped.with_label_values(&[reason]);
        }
        let identity = metrics.identity();
        let name = text("service.name", &*identity.service);
        // One name in two styles is two services: the namespace tells them apart.
        let style = text("service.namespace", &*identity.style);
        let app = App::new(resource(&self.common, [name, style]));
        let _ = app.counts.set(Counts { exported, dropped });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(identity.clone(), Arc::new(app));
        Ok(())
    }
}

fn resource<const N: usize>(common: &[KeyValue], own: [KeyValue; N]) -> Resource {
    // Its own come first, and nothing that was said of all replaces them.
    let mut attributes = own.to_vec();
    for pair in common {
        if !attributes.iter().any(|known| known.key == pair.key) {
            attributes.push(pair.clone());
        }
    }
    Resource { attributes, ..Resource::default() }
}

pub(super) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

pub(super) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
