//! One request to the collector, in either form of the protocol.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, response},
};
use http_body_util::{BodyExt, Collected, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use super::config::{Collector, Protocol};
use crate::{client::Connector, platform::Platform};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// An answer is a few bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What precedes a message of gRPC: whether it is compressed, and its length.
const GRPC_PREFIX: usize = 5;

/// Sends to one collector.
pub(super) struct Exporter {
    client: Client<Connector, Body>,
    collector: Collector,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The same may be taken another time.
    #[error("{0}")]
    ForNow(String),
    /// It will never be.
    #[error("{0}")]
    ForGood(String),
}

impl Exporter {
    pub(super) fn new(collector: Collector, platform: &Platform) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .http2_only(collector.protocol == Protocol::Grpc)
            .build(Connector::new(platform.network.clone(), CONNECT));
        Self { client, collector }
    }

    pub(super) fn endpoint(&self) -> &axum::http::Uri {
        &self.collector.endpoint
    }

    /// Sends a request, and tells how many of its spans the collector rejected.
    pub(super) async fn send(&self, request: &ExportTraceServiceRequest) -> Result<u64, Failed> {
        let answered = async {
            let answer = self.client.request(self.request(request)?).await.map_err(for_now)?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            Ok((head, body.map_err(|error| Failed::ForNow(error.to_string()))?))
        };
        let late = || Failed::ForNow("no answer in time".to_owned());
        let (head, body) =
            tokio::time::timeout(self.collector.timeout, answered).await.map_err(|_| late())??;
        match self.collector.protocol {
            Protocol::Grpc => of_grpc(&head, body),
            Protocol::HttpProtobuf => of_http(&head, body),
        }
    }

    fn request(&self, request: &ExportTraceServiceRequest) -> Result<Request<Body>, Failed> {
        let (media_type, body) = match self.collector.protocol {
            Protocol::Grpc => ("application/grpc", framed(request)),
            Protocol::HttpProtobuf => ("application/x-protobuf", request.encode_to_vec()),
        };
        let mut sent = Request::post(self.collector.endpoint.clone())
            .body(Body::from(body))
            .map_err(|error| Failed::ForGood(error.to_string()))?;
        let headers = sent.headers_mut();
        headers.clone_from(self.collector.headers.map());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if self.collector.protocol == Protocol::Grpc {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        Ok(sent)
    }
}

/// A message with its length before it.
fn framed(message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut frame = Vec::with_capacity(GRPC_PREFIX + length);
    frame.push(0);
    // A batch is bounded far below 4 GiB.
    frame.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(&message.encode_to_vec());
    frame
}

fn of_http(head: &response::Parts, body: Collected<Bytes>) -> Result<u64, Failed> {
    let said = || format!("the answer was {}", head.status);
    match head.status {
        status if status.is_success() => Ok(rejected(&body.to_bytes())),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Err(Failed::ForNow(said())),
        _ => Err(Failed::ForGood(said())),
    }
}

fn of_grpc(head: &response::Parts, body: Collected<Bytes>) -> Result<u64, Failed> {
    if head.status != StatusCode::OK {
        return of_http(head, body);
    }
    // The status is in the trailers, or in the head where there is nothing else.
    let trailers = body.trailers().cloned().unwrap_or_default();
    let status = grpc_status(&trailers).or_else(|| grpc_status(&head.headers));
    match status {
        Some(0) => Ok(rejected(body.to_bytes().get(GRPC_PREFIX..).unwrap_or_default())),
        // CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        Some(status @ (1 | 4 | 8 | 10 | 11 | 14 | 15)) => {
            Err(Failed::ForNow(format!("the status was {status}")))
        }
        Some(status) => Err(Failed::ForGood(format!("the status was {status}"))),
        None => Err(Failed::ForNow("the answer has no status".to_owned())),
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// How many spans a collector that took the request did not keep.
fn rejected(answer: &[u8]) -> u64 {
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    answer.partial_success.map_or(0, |partly| u64::try_from(partly.rejected_spans).unwrap_or(0))
}

fn for_now(error: hyper_util::client::legacy::Error) -> Failed {
    Failed::ForNow(crate::problem::chain(&error))
}
