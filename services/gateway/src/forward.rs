//! Hands a request on to its owner, and the owner's answer back.
//!
//! A request's body is read to its end first: it is 64 KiB at most, a client that sends slowly holds no connection to an
//! owner, and a body that is too large is 413 before anything has happened. An answer's body is handed on as it comes.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use chassis::{client::Peer, context::Context, problem::Problem};
use mesh::deadline::Deadline;
use tokio::time::{Instant, timeout_at};

use crate::{routes::Owner, upstream::Upstream};

mod answer;
mod failure;
mod headers;

pub(crate) use answer::hand_back;
use failure::Failure;

/// Asks `owner` what the client asked, in the client's words.
pub(crate) async fn forward(
    upstream: &Upstream,
    owner: Owner,
    context: &Context,
    request: Request,
) -> Result<Response, Response> {
    let deadline = context.deadline_within(upstream.timeout);
    let answer = ask(upstream, owner, context, deadline, request).await?;
    Ok(hand_back(upstream, answer, deadline))
}

/// The owner's answer as it is, its body yet to come.
///
/// # Errors
/// The owner has not answered by the deadline, or cannot be asked.
pub(crate) async fn ask(
    upstream: &Upstream,
    owner: Owner,
    context: &Context,
    deadline: Instant,
    request: Request,
) -> Result<Response, Response> {
    let url = upstream.locate(owner, request.uri()).map_err(IntoResponse::into_response)?;
    let (method, headers) = (request.method().clone(), headers::for_owner(request.headers()));
    let failure = Failure { owner, method: method.clone(), keyed: context.idempotency_key.is_some() };
    let body = read(request, deadline).await?;
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Problem::deadline_exceeded().into_response());
    }

    let mut request = Request::new(Body::from(body));
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, url, headers);
    upstream.client.propagate(context, Some(left), request.headers_mut());
    request.extensions_mut().insert(Peer(owner.name()));
    request.extensions_mut().insert(Deadline::at(deadline));

    match timeout_at(deadline, upstream.client.stream(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failure.no_answer(&error).into_response()),
        Err(_) => Err(failure.too_late().into_response()),
    }
}

/// The whole body, which the edge bounds.
async fn read(request: Request, deadline: Instant) -> Result<Bytes, Response> {
    match timeout_at(deadline, Bytes::from_request(request, &())).await {
        Ok(read) => read.map_err(IntoResponse::into_response),
        Err(_) => Err(Problem::deadline_exceeded().into_response()),
    }
}
