//! Logs on standard error, and traces of releases.

mod export;
mod spans;

use std::{fmt, io::IsTerminal};

use clap::ValueEnum;
use rollout::Status;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use self::export::{Collector, InvalidCollector};
use self::{export::exporter, spans::Span};
use crate::news::{About, Delivery, Wrote};

/// So many spans are sent at a time.
const BATCH: usize = 256;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[must_use]
    pub fn detect() -> Self {
        if std::io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Logs are written from now on: what `level` lets through, which is a level or what `tracing` filters by otherwise.
///
/// # Errors
/// `level` is neither, or logs are written already.
pub fn init(format: LogFormat, level: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // What a client says of a failed request is said better by whoever has sent it.
    let filter =
        EnvFilter::try_new(format!("kube_client=off,tower=warn,hyper_util=warn,opentelemetry=off,{level}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(())
}

/// Sends one trace for each release. Its ids follow from the release, and its times from the status: who leads after somebody else goes
/// on with the same trace, and nothing is remembered.
pub(crate) struct Traces {
    outbox: crate::news::Outbox<Span>,
}

impl Traces {
    pub(crate) fn new(collector: Collector, delivery: &mut Delivery) -> Self {
        let exporter = std::sync::Arc::new(exporter(&collector));
        let outbox = delivery.outbox("traces", BATCH, move |spans| {
            let exporter = std::sync::Arc::clone(&exporter);
            async move { export::send(&exporter, spans).await }
        });
        Self { outbox }
    }

    pub(crate) fn stored(&self, about: &About, before: &Status, after: &Status) {
        spans::of_phase(about, before, after).into_iter().for_each(|span| self.outbox.put(span));
    }

    pub(crate) fn wrote(&self, about: &About, status: &Status, writes: &[Wrote<'_>]) {
        spans::of_writes(about, status, writes).into_iter().for_each(|span| self.outbox.put(span));
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Traces")
    }
}
