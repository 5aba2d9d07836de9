//! Records spans and sends them to a collector, in OpenTelemetry's protocol: off unless the environment names a collector.
//!
//! OpenTelemetry's SDK does it: a layer of `tracing-opentelemetry` in the process's subscriber, a provider with its batches, and an
//! exporter over the platform's network. What is added here is what one process of many Apps needs: a span is recorded where it
//! goes on from a place that is sampled, see [`trace`], or lies within one that is, and nothing else costs more than
//! a look; it is exported under the resource of the App that made it; and what is dropped is counted, in
//! `spans_dropped_total` of that App. Nobody ever waits for the collector.

use std::{fmt, sync::Arc, time::Duration};

use opentelemetry::{
    Context,
    trace::{SpanKind, TraceContextExt, TraceId, TracerProvider},
};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, SamplingDecision, SdkTracerProvider, ShouldSample,
};
use tokio::time::timeout;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::{
    ids::Random,
    metrics::{self, Metrics},
    platform::Platform,
    shutdown::{self, LAST_STEPS, Trigger},
    trace::{self, Trace},
};

mod config;
mod headers;
mod sampler;

mod sampled;

mod app;
mod export;
mod fields;
mod outcome;
mod queue;

use app::Apps;
pub use config::{Collector, Config, Protocol};
use export::ByApp;
pub use headers::Headers;
pub use opentelemetry_sdk::trace::Sampler;
use queue::Queue;

/// More attributes than this are dropped, and counted in the span.
const MOST_ATTRIBUTES: u32 = 64;

/// More events, or links, than this are dropped, and counted in the span.
const MOST_EVENTS: u32 = 32;

/// The traces of one process. Clones are the same.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Parts>>);

struct Parts {
    /// Goes first: whoever drops the provider waits for a batch that is being sent, unless that is given up.
    stop: Trigger,
    provider: SdkTracerProvider,
    sampler: Sampler,
    apps: Arc<Apps>,
}

impl Traces {
    /// Nothing is recorded.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Records what `config` says, and starts the thread that sends it, over the platform's network; `process` is whose spans
    /// are that no App made. Nothing is started if there is no collector.
    ///
    /// # Panics
    /// Outside a Tokio runtime, if there is a collector.
    #[must_use]
    pub fn start(process: &str, config: Config, platform: &Platform) -> Self {
        let Some(collector) = config.collector else { return Self::off() };
        let (stop, drain) = shutdown::drain();
        let apps = Arc::new(Apps::new(process, collector, config.resource, platform));
        let (exporter, waiting) = ByApp::new(apps.clone(), drain);
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(config.queue.max(1))
            .with_max_export_batch_size(config.batch.max(1))
            // The thread would never rest with none.
            .with_scheduled_delay(config.delay.max(Duration::from_millis(1)));
        let batches = BatchSpanProcessor::builder(exporter).with_batch_config(batches.build()).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Queue::new(batches, apps.clone(), waiting, config.queue.max(1)))
            .with_id_generator(platform.random().clone())
            // What is sampled is decided where a request enters, and nothing begins elsewhere.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
            .with_max_attributes_per_span(MOST_ATTRIBUTES)
            .with_max_events_per_span(MOST_EVENTS)
            .with_max_links_per_span(MOST_EVENTS)
            .build();
        ::trace::recorder::switch_on();
        Self(Some(Arc::new(Parts { stop, provider, sampler: config.sampler, apps })))
    }

    /// The layer that records, for the process's subscriber; `None` if nothing is recorded.
    #[must_use]
    pub fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        self.0.as_ref().map(|parts| sampled::layer(parts.provider.tracer("chassis")))
    }

    /// Makes an App known, and counts what becomes of its spans.
    pub(crate) fn register(&self, metrics: &Metrics) -> Result<(), metrics::Error> {
        self.0.as_ref().map_or(Ok(()), |parts| parts.apps.register(metrics))
    }

    /// Where a request that comes from `asked` goes on from: a trace of its own, if it says of none; and whether that is
    /// recorded, which the sampler decides.
    pub(crate) fn enter(&self, asked: Option<Trace>, random: &Random) -> Trace {
        let trace = asked.unwrap_or_else(|| trace::fresh(random));
        let Some(parts) = &self.0 else { return trace };
        let asked = asked.map(|asked| Context::new().with_remote_span_context((&asked).into()));
        let id = TraceId::from_bytes(trace.trace_id_bytes());
        let sampled = parts.sampler.should_sample(asked.as_ref(), id, "", &SpanKind::Server, &[], &[]);
        trace.sampled(sampled.decision == SamplingDecision::RecordAndSample)
    }

    /// Sends what is left, for as long as the last stage of a shutdown may take; what ends after this is not recorded.
    pub async fn stop(&self) {
        let Some(parts) = &self.0 else { return };
        let provider = parts.provider.clone();
        // It waits for the thread that sends, which waits for this runtime.
        let mut stopping =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_STEPS + GIVING_UP));
        if timeout(LAST_STEPS, &mut stopping).await.is_err() {
            tracing::warn!("the last spans could not be sent in time");
            parts.stop.drain();
            let _ = stopping.await;
        }
    }
}

/// How long a batch that is given up takes to be so, at most.
const GIVING_UP: Duration = Duration::from_secs(1);

/// Ids come from where all others do.
impl IdGenerator for Random {
    fn new_trace_id(&self) -> TraceId {
        let [high, low] = [self.next_u64(), self.next_u64()].map(u64::to_be_bytes);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&high);
        id[8..].copy_from_slice(&low);
        TraceId::from_bytes(id)
    }

    fn new_span_id(&self) -> opentelemetry::trace::SpanId {
        self.next_u64().max(1).into()
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Traces(on)" } else { "Traces(off)" })
    }
}
