//! Hands an owner's answer back as it comes.

use std::{io, time::Duration};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::{HeaderMap, header},
    response::Response,
};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::headers;
use crate::upstream::Upstream;

/// How long a stream of events may be silent; owners send a comment every 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);

/// How long the rest of an answer may take.
#[derive(Clone, Copy)]
enum Patience {
    /// So much time in all.
    Until(Instant),
    /// So much time between one part and the next.
    Silence(Duration),
}

/// The answer for the client. A stream of events ends when the gateway stops; any other answer has to be there by the deadline.
pub(crate) fn hand_back(upstream: &Upstream, answer: Response, deadline: Instant) -> Response {
    let (mut head, body) = answer.into_parts();
    let parts = body.into_data_stream();
    let body = if is_event_stream(&head.headers) {
        let drain = upstream.drain.clone();
        let stopping = Box::pin(async move { drain.requested().await });
        Body::from_stream(patient(parts, Patience::Silence(SILENCE)).take_until(stopping))
    } else {
        Body::from_stream(patient(parts, Patience::Until(deadline)))
    };
    head.headers = headers::for_client(&head.headers, &upstream.prefix);
    head.extensions.clear();
    Response::from_parts(head, body)
}

/// The parts of a body, with an error in place of one that is too late: the client sees that the answer is not whole.
fn patient(parts: BodyDataStream, patience: Patience) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(parts, move |mut parts| async move {
        let deadline = match patience {
            Patience::Until(deadline) => deadline,
            Patience::Silence(silence) => Instant::now() + silence,
        };
        match timeout_at(deadline, parts.next()).await {
            Ok(part) => Ok(part.transpose().map_err(io::Error::other)?.map(|part| (part, parts))),
            Err(late) => Err(late.into()),
        }
    })
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("text/event-stream"))
}
