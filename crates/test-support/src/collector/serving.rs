//! The collector's side of the protocol.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
};
use chassis::network::Stream;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use super::{Behaviour, Kept, span};

const GRPC: &str = "application/grpc";
const PROTOBUF: &str = "application/x-protobuf";

/// What precedes a message of gRPC.
const PREFIX: usize = 5;

/// Serves one connection, over HTTP/1 or HTTP/2.
pub(super) async fn serve(stream: Stream, kept: Arc<Kept>) {
    let service = service_fn(move |request| {
        let kept = kept.clone();
        async move { Ok::<_, Infallible>(answer(request, &kept).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    // Whoever sends may go away at any time.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, kept: &Kept) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
    let is_grpc = head.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == GRPC);
    let path =
        if is_grpc { "/opentelemetry.proto.collector.trace.v1.TraceService/Export" } else { "/v1/traces" };
    if head.uri.path() != path {
        return status(StatusCode::NOT_FOUND);
    }
    let behaviour = noted(kept, &head.headers);
    let rejected = match behaviour {
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Answers(code) => {
            return status(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        }
        Behaviour::Takes => 0,
        Behaviour::Rejects(spans) => spans,
    };
    let body = body.to_bytes();
    let message = if is_grpc { body.get(PREFIX..).unwrap_or_default() } else { &body[..] };
    let Ok(message) = ExportTraceServiceRequest::decode(message) else {
        return status(StatusCode::BAD_REQUEST);
    };
    keep(kept, message);
    taken(is_grpc, rejected)
}

/// Notes that a request has come, and tells how to answer it.
fn noted(kept: &Kept, headers: &HeaderMap) -> Behaviour {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut inside = kept.inside();
    inside.requests.push(headers);
    inside.behaviour
}

fn keep(kept: &Kept, message: ExportTraceServiceRequest) {
    kept.inside().spans.extend(span::all(message));
    kept.arrived.notify_waiters();
}

fn taken(is_grpc: bool, rejected: u64) -> Response<Body> {
    let rejected_spans = i64::try_from(rejected).unwrap_or(i64::MAX);
    let partial_success = (rejected > 0)
        .then(|| ExportTracePartialSuccess { rejected_spans, error_message: "for the test".to_owned() });
    let answer = ExportTraceServiceResponse { partial_success }.encode_to_vec();
    if !is_grpc {
        return typed(PROTOBUF, Body::from(answer));
    }
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(answer.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(&answer);
    let trailers = HeaderMap::from_iter(
        [("grpc-status".parse(), HeaderValue::from_static("0"))]
            .into_iter()
            .filter_map(|(name, value)| Some((name.ok()?, value))),
    );
    let body = Full::new(Bytes::from(frame)).with_trailers(async { Some(Ok(trailers)) });
    typed(GRPC, Body::new(body))
}

fn typed(media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
