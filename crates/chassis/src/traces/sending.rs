//! The task that sends what has ended.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::InstrumentationScope,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{
    Ended,
    app::{App, Lost},
    collector::{Exporter, Failed},
    config::Collector,
};
use crate::{platform::Platform, shutdown::Drain};

/// How often a batch is sent before it is dropped.
const ATTEMPTS: u32 = 4;

/// How long to wait after the first failure; twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// A collector that stays away is worth a line this often.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Sends spans, a batch at a time.
pub(super) struct Sending {
    exporter: Exporter,
    ended: mpsc::Receiver<Ended>,
    batch: usize,
    delay: Duration,
    /// When it was last said that the collector is away; `None` while it is not.
    said: Option<Instant>,
}

impl Sending {
    pub(super) fn new(
        collector: Collector,
        ended: mpsc::Receiver<Ended>,
        batch: usize,
        delay: Duration,
        platform: &Platform,
    ) -> Self {
        Self { exporter: Exporter::new(collector, platform), ended, batch, delay, said: None }
    }

    /// Sends what comes until `drain`, then what is left, each batch once.
    pub(super) async fn run(mut self, drain: Drain) {
        let mut batch = Vec::with_capacity(self.batch);
        while !drain.is_requested() {
            self.fill(&mut batch, &drain).await;
            self.send(&mut batch, &drain).await;
        }
        self.ended.close();
        while self.ended.recv_many(&mut batch, self.batch).await > 0 {
            self.send(&mut batch, &drain).await;
        }
    }

    /// Waits for a first span, and for a while for more.
    async fn fill(&mut self, batch: &mut Vec<Ended>, drain: &Drain) {
        let Some(first) = (tokio::select! {
            biased;
            () = drain.requested() => return,
            first = self.ended.recv() => first,
        }) else {
            // The queue's other end lives as long as the process records.
            return drain.requested().await;
        };
        batch.push(first);
        let deadline = Instant::now() + self.delay;
        while batch.len() < self.batch {
            let room = self.batch - batch.len();
            tokio::select! {
                biased;
                () = drain.requested() => return,
                more = timeout_at(deadline, self.ended.recv_many(batch, room)) => {
                    if more.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Sends a batch, several times if need be, or drops it.
    async fn send(&mut self, batch: &mut Vec<Ended>, drain: &Drain) {
        if batch.is_empty() {
            return;
        }
        let (request, counts) = request(batch.drain(..));
        let mut attempt = 1;
        let lost = loop {
            match self.exporter.send(&request).await {
                Ok(rejected) => {
                    self.is_back();
                    return count(&counts, rejected);
                }
                Err(failed) => {
                    self.is_away(&failed);
                    if matches!(failed, Failed::ForGood(_)) {
                        break Lost::Rejected;
                    }
                }
            }
            // Nobody waits for a collector at the end, and no pause is longer than a shutdown.
            if attempt == ATTEMPTS || !drain.sleep(PAUSE * 2_u32.pow(attempt - 1)).await {
                break Lost::NotSent;
            }
            attempt += 1;
        };
        for (app, spans) in counts {
            app.dropped(lost, spans);
        }
    }

    fn is_away(&mut self, failed: &Failed) {
        if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            let endpoint = self.exporter.endpoint();
            tracing::warn!(collector.endpoint = %endpoint, "spans cannot be sent, those that find no room are dropped: {failed}");
            self.said = Some(Instant::now());
        }
    }

    fn is_back(&mut self) {
        if self.said.take().is_some() {
            tracing::info!("spans can be sent again");
        }
    }
}

type Counts = Vec<(Arc<App>, u64)>;

/// All spans in one request, those of each App under its resource; and how many each has.
fn request(batch: impl Iterator<Item = Ended>) -> (ExportTraceServiceRequest, Counts) {
    let mut apps: BTreeMap<*const App, (Arc<App>, Vec<Span>)> = BTreeMap::new();
    for Ended { app, span } in batch {
        apps.entry(Arc::as_ptr(&app)).or_insert_with(|| (app, Vec::new())).1.push(span);
    }
    let mut counts = Vec::with_capacity(apps.len());
    let resource_spans = apps.into_values().map(|(app, spans)| {
        let resource = Some(app.resource.clone());
        counts.push((app, spans.len() as u64));
        let name = InstrumentationScope { name: "chassis".to_owned(), ..InstrumentationScope::default() };
        let scope_spans = vec![ScopeSpans { scope: Some(name), spans, ..ScopeSpans::default() }];
        ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }
    });
    let request = ExportTraceServiceRequest { resource_spans: resource_spans.collect() };
    (request, counts)
}

/// Counts what was taken. Which spans a collector rejected is not told: the first ones stand for them.
fn count(counts: &Counts, mut rejected: u64) {
    for (app, spans) in counts {
        let lost = rejected.min(*spans);
        rejected -= lost;
        app.exported(spans - lost);
        if lost > 0 {
            app.dropped(Lost::Rejected, lost);
        }
    }
}
