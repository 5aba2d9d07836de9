//! What stands between a span's end and the SDK's batches: whose it is, and whether there is room.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry::{Context, KeyValue, trace::Span as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor},
};

use super::{
    app::{Apps, Lost},
    fields,
};
use crate::metrics::Identity;

/// Hands spans to the SDK's batches, which drop silently what they have no room for: so that never comes to them.
#[derive(Debug)]
pub(super) struct Queue {
    batches: BatchSpanProcessor,
    apps: Arc<Apps>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

impl Queue {
    /// One where `most` spans wait at a time; whoever exports them says so by `waiting`.
    pub(super) fn new(
        batches: BatchSpanProcessor,
        apps: Arc<Apps>,
        waiting: Arc<AtomicUsize>,
        most: usize,
    ) -> Self {
        Self { batches, apps, waiting, most }
    }
}

impl SpanProcessor for Queue {
    /// The App whose request or part this is, or is within, is a value of OpenTelemetry's context.
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(app) = context.get::<Identity>().and_then(|identity| self.apps.index(identity)) {
            span.set_attribute(KeyValue::new(fields::APP, app));
        }
    }

    fn on_end(&self, span: SpanData) {
        let one_more = |waiting| (waiting < self.most).then_some(waiting + 1);
        if self.waiting.fetch_update(Relaxed, Relaxed, one_more).is_ok() {
            self.batches.on_end(span);
        } else {
            self.apps.at(fields::app(&span)).dropped(Lost::QueueFull, 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }
}
