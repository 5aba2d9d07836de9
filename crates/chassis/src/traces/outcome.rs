//! What the SDK's exporter says only in its log: that a collector rejected spans, some of them or all.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

/// Stands for the process's subscriber while spans are exported. What an exporter, its client and their connection
/// say is hence neither logged with each batch nor recorded, which would be spans without end.
#[derive(Default)]
pub(super) struct Heard {
    rejected: AtomicU64,
    for_good: AtomicBool,
}

impl Heard {
    /// How many spans the collector rejected of a request that it took, and whether it will never take the request; since it was
    /// asked last.
    pub(super) fn take(&self) -> (u64, bool) {
        (self.rejected.swap(0, Relaxed), self.for_good.swap(false, Relaxed))
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target() == "opentelemetry-otlp"
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().name() == "Export.Failed.NonRetryable" {
            self.for_good.store(true, Relaxed);
        }
        event.record(&mut Rejected(&self.rejected));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Rejected<'a>(&'a AtomicU64);

impl Visit for Rejected<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "rejected_spans" {
            self.0.store(u64::try_from(value).unwrap_or(0), Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
