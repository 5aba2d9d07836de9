//! Records spans and sends them to a collector, in OpenTelemetry's protocol: off unless the environment names a collector.
//!
//! One [`Recorder`] in the process's subscriber turns spans into the protocol's, under the resource of the App that made
//! them, and puts those that have ended into a bounded queue; one task sends what is in it, all Apps in one request. A span is
//! recorded where it goes on from a place that is sampled, see [`trace`], or lies within one that is: nothing else costs more
//! than a look. Nobody ever waits for the collector: what has no room, or cannot be sent, is dropped and counted, in
//! `spans_dropped_total` of the App.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    ids::Random,
    metrics::{self, Identity, Metrics},
    platform::Platform,
    shutdown::{self, LAST_STEPS, Trigger},
    trace::{self, Trace},
};

mod app;
mod config;
mod headers;
mod sampler;

mod fields;
mod recorder;

mod collector;
mod sending;

use app::{App, Apps};
pub use config::{Collector, Config, Protocol};
pub use headers::Headers;
pub use recorder::Recorder;
pub use sampler::Sampler;
use sending::Sending;

/// The traces of one process. Clones are the same.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Parts>>);

struct Parts {
    sampler: Sampler,
    random: Random,
    clock: database::Clock,
    apps: Apps,
    queue: mpsc::Sender<Ended>,
    stop: Trigger,
    sending: Mutex<Option<JoinHandle<()>>>,
}

/// A span that is over, and whose it was.
struct Ended {
    app: Arc<App>,
    span: opentelemetry_proto::tonic::trace::v1::Span,
}

impl Traces {
    /// Nothing is recorded.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Records what `config` says, and starts the task that sends it, over the platform's network; `process` is whose spans
    /// are that no App made. Nothing is started if there is no collector.
    ///
    /// # Panics
    /// Outside a Tokio runtime, if there is a collector.
    #[must_use]
    pub fn start(process: &str, config: Config, platform: &Platform) -> Self {
        let Some(collector) = config.collector else { return Self::off() };
        let (queue, ended) = mpsc::channel(config.queue.max(1));
        let (stop, drain) = shutdown::drain();
        let batch = config.batch.clamp(1, config.queue.max(1));
        let sending = Sending::new(collector, ended, batch, config.delay, platform);
        let sending = Mutex::new(Some(platform.spawn(sending.run(drain))));
        ::trace::recorder::switch_on(recorder::place_of);
        Self(Some(Arc::new(Parts {
            sampler: config.sampler,
            random: platform.random().clone(),
            clock: platform.clock.clone(),
            apps: Apps::new(process, config.resource, platform),
            queue,
            stop,
            sending,
        })))
    }

    /// The layer that records, for the process's subscriber; `None` if nothing is recorded.
    #[must_use]
    pub fn recorder(&self) -> Option<Recorder> {
        self.0.clone().map(Recorder::new)
    }

    /// Makes an App known, and counts what becomes of its spans.
    pub(crate) fn register(&self, metrics: &Metrics) -> Result<(), metrics::Error> {
        self.0.as_ref().map_or(Ok(()), |parts| parts.apps.register(metrics))
    }

    /// Where a request that comes from `asked` goes on from: a trace of its own, if it says of none; and whether that is
    /// recorded, which the sampler decides.
    pub(crate) fn enter(&self, asked: Option<Trace>, random: &Random) -> Trace {
        match &self.0 {
            Some(parts) => parts.sampler.decide(asked, || trace::fresh(random)),
            None => asked.unwrap_or_else(|| trace::fresh(random)),
        }
    }

    /// Sends what is left, for as long as the last stage of a shutdown may take; what is recorded after this is dropped.
    pub async fn stop(&self) {
        let Some(parts) = &self.0 else { return };
        parts.stop.drain();
        let sending = parts.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut sending) = sending else { return };
        if timeout_at(Instant::now() + LAST_STEPS, &mut sending).await.is_err() {
            tracing::warn!("the last spans could not be sent in time");
            sending.abort();
        }
    }
}

impl Parts {
    /// Microseconds are what the platform's clock has.
    fn now_nanos(&self) -> u64 {
        u64::try_from(self.clock.now()).unwrap_or(0).saturating_mul(1000)
    }

    fn end(&self, ended: Ended) {
        if let Err(error) = self.queue.try_send(ended) {
            error.into_inner().app.dropped(app::Lost::QueueFull, 1);
        }
    }

    fn home(&self, service: &str, style: &str) -> Arc<App> {
        self.apps.of(Identity { service: service.to_owned(), style: style.to_owned() })
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Traces(on)" } else { "Traces(off)" })
    }
}
