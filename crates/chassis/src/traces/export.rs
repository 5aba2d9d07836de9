//! Sends batches of the whole process, the spans of each App under its resource, all over one connection.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::http::Uri;
use futures_util::future::join_all;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use tokio::{runtime::Handle, time::Instant};
use tonic::{
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

use super::{
    app::Apps,
    config::{Collector, Protocol},
    fields,
};
use crate::{client::Connector, platform::Platform, shutdown::Drain};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A collector that stays away is worth a line this often.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Exports each span as of its App. The SDK has a thread of its own for this, which has no runtime: what is to be awaited is done
/// on that of the process.
pub(super) struct ByApp {
    apps: Arc<Apps>,
    waiting: Arc<AtomicUsize>,
    runtime: Handle,
    stop: Drain,
    /// When it was last said that the collector is away; `None` while it is not.
    said: Mutex<Option<Instant>>,
}

impl ByApp {
    /// One that gives up when `stop` is asked for, and how many spans wait for it: whoever adds one to them counts it there.
    pub(super) fn new(apps: Arc<Apps>, stop: Drain) -> (Self, Arc<AtomicUsize>) {
        let waiting = Arc::new(AtomicUsize::new(0));
        let runtime = Handle::current();
        (Self { apps, waiting: waiting.clone(), runtime, stop, said: Mutex::default() }, waiting)
    }

    fn tell(&self, sent: &[Result<(), OTelSdkError>]) {
        let failed = sent.iter().find_map(|sent| sent.as_ref().err());
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            Some(failed) if said.is_none_or(|said| said.elapsed() >= SAY_EVERY) => {
                let endpoint = self.apps.endpoint();
                tracing::warn!(collector.endpoint = %endpoint, "spans cannot be sent, those that find no room are dropped: {failed}");
                *said = Some(Instant::now());
            }
            Some(_) => {}
            None if said.take().is_some() => tracing::info!("spans can be sent again"),
            None => {}
        }
    }
}

impl SpanExporter for ByApp {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.waiting.fetch_sub(batch.len(), Relaxed);
        let mut by_app: BTreeMap<i64, Vec<SpanData>> = BTreeMap::new();
        for mut span in batch {
            let app = fields::app(&span);
            fields::finish(&mut span);
            by_app.entry(app).or_default().push(span);
        }
        let sends = by_app.into_iter().map(|(app, spans)| (self.apps.at(app), spans));
        let sends: Vec<_> = sends.map(|(app, spans)| async move { app.send(spans).await }).collect();
        let mut sending = self.runtime.spawn(join_all(sends));
        tokio::select! {
            biased;
            sent = &mut sending => self.tell(&sent.unwrap_or_default()),
            () = self.stop.requested() => sending.abort(),
        }
        // What failed was counted and said: the SDK would say it again each time.
        Ok(())
    }
}

impl fmt::Debug for ByApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByApp").field("apps", &self.apps).finish_non_exhaustive()
    }
}

/// The connection to the collector, which the exporters of all Apps share.
#[derive(Debug)]
pub(super) struct Transport {
    collector: Collector,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Grpc(Channel),
    Http(Box<HyperClient<Connector>>),
}

impl Transport {
    pub(super) fn new(collector: Collector, platform: &Platform) -> Self {
        let connector = Connector::new(platform.network.clone(), CONNECT);
        let kind = match collector.protocol {
            Protocol::Grpc => {
                let endpoint = Endpoint::from(collector.endpoint.clone()).timeout(collector.timeout);
                Kind::Grpc(endpoint.connect_with_connector_lazy(connector))
            }
            Protocol::HttpProtobuf => {
                Kind::Http(Box::new(HyperClient::new(connector, collector.timeout, None)))
            }
        };
        Self { collector, kind }
    }

    pub(super) fn endpoint(&self) -> &Uri {
        &self.collector.endpoint
    }

    /// An exporter of spans that are of `resource`.
    pub(super) fn exporter(
        &self,
        resource: &Resource,
    ) -> Result<opentelemetry_otlp::SpanExporter, ExporterBuildError> {
        let Collector { endpoint, headers, timeout, .. } = &self.collector;
        let builder = opentelemetry_otlp::SpanExporter::builder();
        let mut exporter = match &self.kind {
            Kind::Grpc(channel) => builder
                .with_tonic()
                .with_channel(channel.clone())
                .with_metadata(MetadataMap::from_headers(headers.map().clone()))
                .with_timeout(*timeout)
                .build(),
            Kind::Http(client) => builder
                .with_http()
                .with_http_client((**client).clone())
                .with_endpoint(endpoint.to_string())
                .with_headers(headers.pairs())
                .with_timeout(*timeout)
                .build(),
        }?;
        exporter.set_resource(resource);
        Ok(exporter)
    }
}
