//! Errors as HTTP answers: `application/problem+json` (RFC 9457).
//!
//! A service maps each of its errors in one `match`, an `impl From<Error> for Problem`, and its handlers say
//! `?`:
//!
//! ```
//! use chassis::problem::{self, Problem};
//! use axum::http::StatusCode;
//!
//! #[derive(Debug, thiserror::Error)]
//! enum Error {
//!     #[error("the order is locked")]
//!     Locked,
//!     #[error("reading the order")]
//!     Store(#[source] std::io::Error),
//! }
//!
//! impl From<Error> for Problem {
//!     fn from(error: Error) -> Self {
//!         match error {
//!             Error::Locked => Problem::new(StatusCode::CONFLICT, "ORDER_LOCKED", "The order is locked."),
//!             Error::Store(_) => problem::internal(&error),
//!         }
//!     }
//! }
//!
//! let inner = std::io::Error::other("disk 7 at 10.0.0.1");
//! let problem = Problem::from(Error::Store(inner));
//! assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
//! assert!(!problem.detail().contains("10.0.0.1"));
//! ```

use std::{error::Error, fmt, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
pub use contracts::problem::FieldError;
use contracts::problem::MEDIA_TYPE;

pub mod code;

/// When to come back where nobody knows better.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request was not done, as an answer. [`edge`](crate::edge::edge) adds the `trace_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: String,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    trace_id: String,
}

impl Problem {
    /// A problem of this status. `code` is stable and upper-case; `detail` is a sentence for a person and
    /// says nothing of the inside. 429 and 503 say when to come back: [`RETRY_AFTER`], unless told otherwise.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let later = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        Problem {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: later.then_some(RETRY_AFTER),
            trace_id: String::new(),
        }
    }

    /// 400.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::MALFORMED_REQUEST, detail)
    }

    /// 404: `what` is "order", say.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, format!("There is no such {what}."))
    }

    /// 409.
    #[must_use]
    pub fn conflict(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: somebody else was first, and `current` is the version now.
    #[must_use]
    pub fn stale(current: u64) -> Self {
        let detail = format!("The version is {current} by now; read it again and decide anew.");
        Self::new(StatusCode::PRECONDITION_FAILED, code::PRECONDITION_FAILED, detail)
    }

    /// 422 for one reason that is about the whole request.
    #[must_use]
    pub fn unprocessable(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 422 with every field that is wrong.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Problem {
            errors,
            ..Self::unprocessable(code::INVALID_FIELDS, "Some fields are wrong; `errors` names them.")
        }
    }

    /// 501.
    #[must_use]
    pub fn not_implemented(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, code::NOT_IMPLEMENTED, detail)
    }

    /// 503: come back after `retry_after`.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, detail).retry_after(retry_after)
    }

    /// 504: only where nothing was committed.
    #[must_use]
    pub fn deadline_exceeded() -> Self {
        let detail = "The deadline passed before anything was done; nothing has changed.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, code::DEADLINE_EXCEEDED, detail)
    }

    /// Says when to come back, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Names the fields that are wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Names the trace of the request. Handlers need not: `edge` does.
    #[must_use]
    pub fn with_trace_id(mut self, trace_id: impl Into<String>) -> Self {
        self.trace_id = trace_id.into();
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields that are wrong.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The body, as it crosses the process boundary.
    #[must_use]
    pub fn body(&self) -> contracts::problem::Problem {
        contracts::problem::Problem {
            kind: format!("urn:switchyard:problem:{}", self.code.to_lowercase()),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.clone(),
            trace_id: self.trace_id.clone(),
            errors: (!self.errors.is_empty()).then(|| self.errors.clone()),
        }
    }

    pub(crate) fn has_trace_id(&self) -> bool {
        !self.trace_id.is_empty()
    }

    fn retry_after_header(&self) -> Option<(HeaderName, HeaderValue)> {
        let after = self.retry_after?;
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        Some((header::RETRY_AFTER, HeaderValue::from(seconds)))
    }
}

/// A problem that another service answered with, to hand on. What it says of its own trace is kept.
impl From<contracts::problem::Problem> for Problem {
    fn from(body: contracts::problem::Problem) -> Self {
        let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::BAD_GATEWAY);
        Problem::new(status, body.code, body.detail)
            .with_errors(body.errors.unwrap_or_default())
            .with_trace_id(body.trace_id)
    }
}

/// A database that cannot do it now: 503, or 500 where trying again does not help.
impl From<database::Error> for Problem {
    fn from(error: database::Error) -> Self {
        let away = error.is_busy() || error.is_full() || error.is_read_only() || error.is_io();
        // Somebody else was first as often as it was tried: another time it may succeed.
        if away || matches!(error, database::Error::Closed | database::Error::Conflict { .. }) {
            unavailable(&error)
        } else {
            internal(&error)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.detail)
    }
}

impl Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A struct of strings always serialises.
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let mut response = (self.status, [content_type], body).into_response();
        response.headers_mut().extend(self.retry_after_header());
        // For `edge`, which knows the trace and logs the code.
        response.extensions_mut().insert(self);
        response
    }
}

/// 500 for a defect: logged here, once, with the whole chain of causes, of which the answer says nothing.
#[must_use]
pub fn internal(error: &dyn Error) -> Problem {
    internal_because(&chain(error))
}

/// 500 for a defect that has no error value: `reason` is logged, and the answer says nothing of it.
#[must_use]
pub fn internal_because(reason: &str) -> Problem {
    tracing::error!(reason, "internal error");
    internal_answer()
}

/// 500 for a defect that is logged already.
pub(crate) fn internal_answer() -> Problem {
    let detail = "Something went wrong on our side; quote the trace_id when you report it.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL_ERROR, detail)
}

/// 503 for something that this service needs and that is away: logged here, once, with the whole chain of
/// causes.
#[must_use]
pub fn unavailable(error: &dyn Error) -> Problem {
    tracing::warn!(reason = chain(error), "unavailable");
    Problem::unavailable("Something that this needs is away; try again.", RETRY_AFTER)
}

/// An error and its causes, in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
