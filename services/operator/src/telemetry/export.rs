//! Sends spans to a collector: OTLP as protobuf over HTTP.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use http::{Uri, uri::Scheme};
use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks},
};
use tokio::time::Duration;

use super::Span;
use crate::metrics::Told;

/// How long sending a batch may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where traces go: the address of a collector that takes OTLP over HTTP, such as `http://collector:4318`. TLS is for an agent beside
/// this process to speak.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector(Uri);

/// An address that is none of a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as http://collector:4318, where OTLP is spoken over HTTP and without TLS")]
pub struct InvalidCollector;

impl FromStr for Collector {
    type Err = InvalidCollector;

    fn from_str(text: &str) -> Result<Self, InvalidCollector> {
        let uri: Uri = text.parse().map_err(|_| InvalidCollector)?;
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        (plain && uri.scheme() == Some(&Scheme::HTTP)).then_some(Self(uri)).ok_or(InvalidCollector)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

pub(super) struct Exporter {
    inner: Result<SpanExporter, ExporterBuildError>,
    /// Whether it was said that the collector is away.
    said: AtomicBool,
}

pub(super) fn exporter(collector: &Collector) -> Exporter {
    let traces = format!("{}/v1/traces", collector.0.to_string().trim_end_matches('/'));
    let inner = SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::with_default_connector(TIMEOUT, None))
        .with_endpoint(traces)
        .with_timeout(TIMEOUT)
        .build();
    let resource = Resource::builder()
        .with_service_name("switchyard-operator")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let inner = inner.map(|mut exporter| {
        exporter.set_resource(&resource);
        exporter
    });
    Exporter { inner, said: AtomicBool::new(false) }
}

pub(super) async fn send(exporter: &Exporter, spans: Vec<Span>) -> Told {
    let sent = match &exporter.inner {
        Ok(inner) => {
            inner.export(spans.into_iter().map(data).collect()).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(()) => {
            if exporter.said.swap(false, Relaxed) {
                tracing::info!("spans can be sent again");
            }
            Told::Sent
        }
        Err(why) => {
            if !exporter.said.swap(true, Relaxed) {
                tracing::warn!("spans cannot be sent: {why}");
            }
            Told::Failed
        }
    }
}

fn data(span: Span) -> SpanData {
    let (trace, id) = (TraceId::from_bytes(span.trace), SpanId::from_bytes(span.id));
    SpanData {
        span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::default()),
        parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: if span.is_request { SpanKind::Client } else { SpanKind::Internal },
        name: span.name.into(),
        start_time: span.began,
        end_time: span.ended,
        attributes: span.attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: span.failed.map_or(Status::Unset, |why| Status::Error { description: why.into() }),
        instrumentation_scope: InstrumentationScope::builder("operator").build(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::SystemTime,
    };

    use axum::{Router, body::Bytes, routing::post};
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;

    use super::*;
    use crate::testing::{nobody, serve};

    fn span() -> Span {
        Span {
            trace: [7; 16],
            id: [3; 8],
            parent: Some([1; 8]),
            name: "Switching",
            began: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
            ended: SystemTime::UNIX_EPOCH + Duration::from_secs(2),
            failed: Some("broken".into()),
            is_request: false,
            attributes: vec![("switchyard.next", "SwitchingBack".into())],
        }
    }

    #[tokio::test]
    async fn a_collector_gets_the_span_as_it_is() {
        let heard = Arc::new(Mutex::new(vec![]));
        let hears = Arc::clone(&heard);
        let take = async move |body: Bytes| hears.lock().unwrap().push(body);
        let collector = serve(Router::new().route("/base/v1/traces", post(take)));
        let exporter = exporter(&format!("http://{collector}/base/").parse().unwrap());
        assert_eq!(send(&exporter, vec![span()]).await, Told::Sent);
        let body = heard.lock().unwrap().remove(0);
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let of_the_operator = &request.resource_spans[0];
        let service = of_the_operator
            .resource
            .as_ref()
            .unwrap()
            .attributes
            .iter()
            .any(|one| format!("{one:?}").contains("switchyard-operator"));
        let sent = &of_the_operator.scope_spans[0].spans[0];
        assert!(service);
        assert_eq!(
            (&sent.trace_id[..], &sent.span_id[..], &sent.parent_span_id[..]),
            (&[7; 16][..], &[3; 8][..], &[1; 8][..])
        );
        assert_eq!(
            (sent.name.as_str(), sent.end_time_unix_nano - sent.start_time_unix_nano),
            ("Switching", 1_000_000_000)
        );
        assert_eq!(sent.status.as_ref().unwrap().message, "broken");
    }

    #[tokio::test]
    async fn a_collector_that_is_away_is_no_more_than_that() {
        let exporter = exporter(&format!("http://{}", nobody()).parse().unwrap());
        assert_eq!(send(&exporter, vec![span()]).await, Told::Failed);
    }

    #[test]
    fn a_collector_is_an_address_without_a_password_and_without_tls() {
        assert!("http://collector:4318".parse::<Collector>().is_ok());
        for bad in ["", "collector:4318", "https://collector:4318", "http://user:secret@collector:4318"] {
            assert_eq!(bad.parse::<Collector>(), Err(InvalidCollector), "{bad}");
        }
    }
}
