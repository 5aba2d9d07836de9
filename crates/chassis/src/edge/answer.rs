//! The last look at every answer: its trace, and its shape if it is an error.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contracts::problem::MEDIA_TYPE;
use tokio::time::Instant;

use crate::{
    problem::{Problem, code},
    trace::{Trace, X_TRACE_ID},
};

/// The answer with its trace's id; an error of any origin as a problem; a failure as a line in the log.
pub(super) fn finish(handled: Result<Response, Problem>, trace: &Trace, started: Instant) -> Response {
    let trace_id = trace.trace_id().to_string();
    let mut response = handled.unwrap_or_else(IntoResponse::into_response);
    if response.status().is_client_error() || response.status().is_server_error() {
        let problem = take_problem(&mut response);
        log(response.status(), problem.as_ref(), started);
        if let Some(problem) = problem {
            response = rewrite(response, problem, &trace_id);
        }
    }
    // Hexadecimal digits are always a header value.
    if let Ok(value) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert(X_TRACE_ID, value);
    }
    response
}

/// The problem that a handler answered with, or the one that stands for an error of another shape: a route
/// that is not there, a rejection of an extractor that is not ours. `None` for a problem that is handed on
/// from another service.
fn take_problem(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let content_type = response.headers().get(header::CONTENT_TYPE);
    (content_type.is_none_or(|value| value != MEDIA_TYPE)).then(|| of_status(response.status()))
}

fn of_status(status: StatusCode) -> Problem {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => (code::NOT_FOUND, "Nothing has this address."),
        StatusCode::METHOD_NOT_ALLOWED => {
            (code::METHOD_NOT_ALLOWED, "This address knows other methods only; `Allow` names them.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (code::BODY_TOO_LARGE, "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (code::UNSUPPORTED_MEDIA_TYPE, "The body is of the wrong type.")
        }
        StatusCode::TOO_MANY_REQUESTS => (code::TOO_BUSY, "Too many requests; try again later."),
        StatusCode::SERVICE_UNAVAILABLE => (code::UNAVAILABLE, "Not available now; try again later."),
        status if status.is_client_error() => (code::MALFORMED_REQUEST, "The request is malformed."),
        _ => (code::INTERNAL_ERROR, "Something went wrong on our side."),
    };
    Problem::new(status, code, detail)
}

/// The problem in place of the body; what other headers say (`Allow`, `Retry-After`) stays.
fn rewrite(response: Response, problem: Problem, trace_id: &str) -> Response {
    let problem = if problem.has_trace_id() { problem } else { problem.with_trace_id(trace_id) };
    let mut rewritten = problem.into_response();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    for (name, value) in &parts.headers {
        if !rewritten.headers().contains_key(name) {
            rewritten.headers_mut().append(name, value.clone());
        }
    }
    rewritten
}

fn log(status: StatusCode, problem: Option<&Problem>, started: Instant) {
    let code = problem.map_or("handed on", Problem::code);
    let detail = problem.map_or("", Problem::detail);
    let (status, elapsed_ms) = (status.as_u16(), started.elapsed().as_millis());
    if status >= 500 {
        tracing::warn!(status, code, elapsed_ms, "request failed: {detail}");
    } else {
        tracing::info!(status, code, elapsed_ms, "request refused: {detail}");
    }
}
