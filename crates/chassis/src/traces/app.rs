//! Whose spans they are: an App's resource, and what became of its spans.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use opentelemetry::KeyValue;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkError,
    resource::TelemetryResourceDetector,
    trace::{SpanData, SpanExporter as _},
};
use prometheus::IntCounterVec;
use tracing::{Dispatch, instrument::WithSubscriber};

use super::{config::Collector, export::Transport, outcome::Heard};
use crate::{
    metrics::{self, Identity, Metrics},
    platform::Platform,
};

/// One service in one style, or the process itself.
pub(super) struct App {
    /// Or why there is none.
    exporter: Result<SpanExporter, String>,
    heard: Dispatch,
    /// The process's own spans are counted nowhere.
    counts: Option<Counts>,
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
    fn new(transport: &Transport, resource: &Resource, counts: Option<Counts>) -> Self {
        let exporter = transport.exporter(resource).map_err(|error| crate::problem::chain(&error));
        Self { exporter, heard: Dispatch::new(Heard::default()), counts }
    }

    /// Sends spans of this App, and counts what became of them.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<(), OTelSdkError> {
        let count = spans.len() as u64;
        let sent = match &self.exporter {
            Ok(exporter) => exporter.export(spans).with_subscriber(self.heard.clone()).await,
            Err(why) => Err(OTelSdkError::InternalFailure(why.clone())),
        };
        let heard = self.heard.downcast_ref::<Heard>().map(Heard::take);
        let (rejected, for_good) = heard.unwrap_or_default();
        match sent {
            Ok(()) => {
                self.exported(count.saturating_sub(rejected));
                self.dropped(Lost::Rejected, rejected.min(count));
            }
            Err(_) if for_good => self.dropped(Lost::Rejected, count),
            Err(_) => self.dropped(Lost::NotSent, count),
        }
        sent
    }

    fn exported(&self, spans: u64) {
        if let Some(counts) = &self.counts {
            counts.exported.with_label_values::<&str>(&[]).inc_by(spans);
        }
    }

    pub(super) fn dropped(&self, why: Lost, spans: u64) {
        let reason = match why {
            Lost::QueueFull => "queue_full",
            Lost::NotSent => "not_sent",
            Lost::Rejected => "rejected",
        };
        if let Some(counts) = &self.counts {
            counts.dropped.with_label_values(&[reason]).inc_by(spans);
        }
    }
}

/// An exporter would show its headers.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

/// The Apps of a process, each known by a number; the process itself has the first.
#[derive(Debug)]
pub(super) struct Apps {
    transport: Transport,
    /// What their resources have in common.
    common: Resource,
    process: Arc<App>,
    known: RwLock<Vec<(Identity, Arc<App>)>>,
}

impl Apps {
    pub(super) fn new(
        process: &str,
        collector: Collector,
        extra: Vec<(String, String)>,
        platform: &Platform,
    ) -> Self {
        let transport = Transport::new(collector, platform);
        let common = Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_attribute(KeyValue::new("service.version", platform.build.version))
            // Another one with each start, since no two that run at a time may share it.
            .with_attribute(KeyValue::new("service.instance.id", platform.ids.next().to_string()))
            .with_attributes(extra.into_iter().map(|(key, value)| KeyValue::new(key, value)))
            .build();
        let own = resource(&common, [KeyValue::new("service.name", process.to_owned())]);
        let process = Arc::new(App::new(&transport, &own, None));
        Self { transport, common, process, known: RwLock::default() }
    }

    /// The number of an App that is known.
    pub(super) fn index(&self, identity: &Identity) -> Option<i64> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().position(|(known, _)| known == identity).and_then(|at| i64::try_from(at + 1).ok())
    }

    /// The App of this number; the process, if none has it.
    pub(super) fn at(&self, index: i64) -> Arc<App> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let app = usize::try_from(index - 1).ok().and_then(|index| known.get(index));
        app.map_or(&self.process, |(_, app)| app).clone()
    }

    pub(super) fn endpoint(&self) -> &axum::http::Uri {
        self.transport.endpoint()
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
        // One name in two styles is two services: the namespace tells them apart.
        let own = [("service.name", &identity.service), ("service.namespace", &identity.style)];
        let own = resource(&self.common, own.map(|(key, value)| KeyValue::new(key, value.clone())));
        let app = Arc::new(App::new(&self.transport, &own, Some(Counts { exported, dropped })));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.iter_mut().find(|(known, _)| known == identity) {
            Some((_, known)) => *known = app,
            None => known.push((identity.clone(), app)),
        }
        Ok(())
    }
}

/// What is an App's own replaces what was said of all.
fn resource<const N: usize>(common: &Resource, own: [KeyValue; N]) -> Resource {
    let common = common.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty().with_attributes(common).with_attributes(own).build()
}
