//! What retries and hedges have in common: which calls may be made twice, and how a further attempt is marked.

use std::{error::Error, time::Duration};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, header::CONTENT_TYPE};

use crate::{
    BoxError, Refused,
    deadline::{self, Deadline},
};

/// Says which attempt this is beyond the first, from 1.
pub const ATTEMPT_HEADER: HeaderName = HeaderName::from_static("x-retry-attempt");

/// The same as gRPC has it (its proposal A6).
pub const GRPC_ATTEMPTS_HEADER: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether a call can be made twice to the same effect as once: its method says so (RFC 9110, 9.2.2), or it has a key by which the server knows it again.
pub(crate) fn is_idempotent<B>(request: &Request<B>) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(IDEMPOTENCY_KEY)
}

/// Marks a further attempt.
pub(crate) fn mark(headers: &mut HeaderMap, attempt: u32) {
    let is_grpc = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/grpc");
    if headers.get(CONTENT_TYPE).is_some_and(is_grpc) {
        headers.insert(GRPC_ATTEMPTS_HEADER, attempt.into());
    }
    headers.insert(ATTEMPT_HEADER, attempt.into());
}

/// How long the caller still waits, if that is known.
pub(crate) fn time_left(extensions: &Extensions) -> Option<Duration> {
    extensions.get().copied().or_else(deadline::current).map(Deadline::left)
}

/// An error and what caused it, one after the other.
pub(crate) fn chain(error: &BoxError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = &**error;
    std::iter::successors(Some(first), |error| (**error).source())
}

/// Whether no call was made, which one of our layers says.
pub(crate) fn was_refused(error: &BoxError) -> bool {
    chain(error).any(<dyn Error>::is::<Refused>)
}
