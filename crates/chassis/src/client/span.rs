//! A call as a step of the trace that its `traceparent` tells.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode},
};
use tracing::{Span, field::Empty, info_span, record_all};

use super::{Error, Peer};
use crate::trace::{self, TRACEPARENT};

/// The span of a call, and the call with its place in it; none, and the call as it was, where that trace is not recorded.
pub(super) fn begin(mut request: Request, peer: Peer) -> (Span, Request) {
    let told = request.headers().get(&TRACEPARENT).and_then(|value| value.to_str().ok());
    let Some(asked) = ::trace::recorded_from(told) else { return (Span::none(), request) };
    // Within a step of the same trace the call is a step of that.
    let parent = trace::current().filter(|current| current.is_with(&asked)).unwrap_or(asked);
    let url = request.uri();
    let (span, here) = trace::child_of(&parent, || {
        info_span!(
            "call",
            otel.name = request.method().as_str(),
            otel.kind = "client",
            otel.status_code = Empty,
            otel.status_description = Empty,
            http.request.method = request.method().as_str(),
            url.full = %url,
            peer.service = (peer != Peer::default()).then_some(peer.0),
            server.address = url.host(),
            server.port = url.port_u16(),
            http.response.status_code = Empty,
            error.type = Empty,
        )
    });
    // A place is always visible ASCII.
    if let Ok(place) = HeaderValue::try_from(here.to_string()) {
        request.headers_mut().insert(TRACEPARENT, place);
    }
    (span, request)
}

/// What became of a call: to whoever makes it every refusal is an error, too.
pub(super) fn end(span: &Span, answered: Result<StatusCode, &Error>) {
    if span.is_disabled() {
        return;
    }
    match answered {
        Ok(status) => {
            span.record("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                record_all!(span, error.type = status.as_str(), otel.status_code = "ERROR");
            }
        }
        Err(error) => {
            let description = error.to_string();
            record_all!(
                span,
                error.type = error.kind(),
                otel.status_code = "ERROR",
                otel.status_description = description.as_str()
            );
        }
    }
}
