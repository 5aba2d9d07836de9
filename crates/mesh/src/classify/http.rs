//! HTTP, by status.

use std::{ops::RangeInclusive, sync::Arc};

use http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};

use super::{Classify, EveryErrorFails, OfError, Outcome, Report, Verdict, retry_after};

/// HTTP: known at the headers. 5xx are failures, 429 is throttled, other 4xx are refusals, errors are failures.
///
/// ```
/// use http::StatusCode;
/// use mesh::classify::{Http, Outcome};
///
/// let classify = Http::new().status(501..=501, Outcome::Refusal);
/// assert_eq!(classify.outcome(StatusCode::NOT_FOUND), Outcome::Refusal);
/// assert_eq!(classify.outcome(StatusCode::NOT_IMPLEMENTED), Outcome::Refusal);
/// assert_eq!(classify.outcome(StatusCode::BAD_GATEWAY), Outcome::Failure);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Http<E = EveryErrorFails> {
    /// What is not as usual; the last one that fits counts. Shared, so that a clone is cheap.
    exceptions: Option<Arc<[Exception]>>,
    errors: E,
}

/// Statuses, and what they mean.
type Exception = (RangeInclusive<u16>, Outcome);

impl Http {
    /// What the type's documentation says, without exceptions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<E> Http<E> {
    /// These statuses mean something else. Of ranges that overlap, the one that was set last counts.
    #[must_use]
    pub fn status(self, statuses: RangeInclusive<u16>, outcome: Outcome) -> Self {
        let before = self.exceptions.iter().flat_map(|exceptions| exceptions.iter().cloned());
        Self { exceptions: Some(before.chain([(statuses, outcome)]).collect()), errors: self.errors }
    }

    /// What the service's errors mean; all are failures unless this says so.
    #[must_use]
    pub fn errors<F>(self, errors: F) -> Http<F> {
        Http { exceptions: self.exceptions, errors }
    }

    /// What a status means.
    #[must_use]
    pub fn outcome(&self, status: StatusCode) -> Outcome {
        let status = status.as_u16();
        let exceptions = self.exceptions.iter().flat_map(|exceptions| exceptions.iter().rev());
        exceptions
            .filter(|(statuses, _)| statuses.contains(&status))
            .map(|(_, outcome)| *outcome)
            .next()
            .unwrap_or_else(|| usually(status))
    }

    /// What is known at the headers.
    #[must_use]
    pub fn verdict(&self, status: StatusCode, headers: &HeaderMap) -> Verdict {
        let outcome = self.outcome(status);
        let verdict = Verdict { timed: !is_stream(status, headers), ..Verdict::new(outcome) };
        match outcome {
            Outcome::Failure | Outcome::Throttled => verdict.retry_after(retry_after::of_http(headers)),
            Outcome::Success | Outcome::Refusal | Outcome::Cancelled => verdict,
        }
    }
}

fn usually(status: u16) -> Outcome {
    match status {
        429 => Outcome::Throttled,
        400..=499 => Outcome::Refusal,
        500.. => Outcome::Failure,
        _ => Outcome::Success,
    }
}

fn is_stream(status: StatusCode, headers: &HeaderMap) -> bool {
    let events = |kind: &http::HeaderValue| kind.as_bytes().starts_with(b"text/event-stream");
    status == StatusCode::SWITCHING_PROTOCOLS || headers.get(CONTENT_TYPE).is_some_and(events)
}

impl<B, Error, E: OfError<Error>> Classify<Response<B>, Error> for Http<E> {
    type Response<R: Report> = Response<B>;

    fn known(&self, result: &Result<Response<B>, Error>) -> Option<Verdict> {
        Some(match result {
            Ok(response) => self.verdict(response.status(), response.headers()),
            Err(error) => Verdict::new(self.errors.outcome(error)),
        })
    }

    fn classify<R: Report>(
        &self,
        result: Result<Response<B>, Error>,
        report: R,
    ) -> Result<Response<B>, Error> {
        if let Some(verdict) = self.known(&result) {
            report.tell(verdict);
        }
        result
    }
}
