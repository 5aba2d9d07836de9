//! gRPC, by the code in headers or trailers.

use std::time::Duration;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use super::{Classify, EveryErrorFails, OfError, Outcome, Report, Verdict, Watched, retry_after};

/// A status code of gRPC, 0 to 16. Another number is read as UNKNOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(u8);

impl Code {
    /// UNKNOWN: also what a call ended with that told no code.
    pub const UNKNOWN: Self = Self(2);

    /// The code of this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        if number <= 16 { Self(number.to_le_bytes()[0]) } else { Self::UNKNOWN }
    }

    /// Its number, 0 to 16.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// What `grpc-status` says, if there is one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get("grpc-status")?.to_str().ok().and_then(|text| text.parse().ok());
        Some(number.map_or(Self::UNKNOWN, Self::new))
    }

    /// What an HTTP status stands for where something on the way answered that does not speak gRPC.
    #[must_use]
    pub fn of_http(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502..=504 => 14,
            _ => 2,
        })
    }
}

/// gRPC: known at the trailers, or at the headers if they have the code already. A call that is still going on when it is looked at
/// [10 s](Self::stream_after) after its headers is a stream that works.
///
/// UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS are failures, RESOURCE_EXHAUSTED is throttled, CANCELLED is nobody's,
/// and the other codes are refusals.
#[derive(Clone, Copy, Debug)]
pub struct Grpc<E = EveryErrorFails> {
    outcomes: [Outcome; 17],
    stream_after: Duration,
    errors: E,
}

impl Default for Grpc {
    fn default() -> Self {
        Self::new()
    }
}

impl Grpc {
    /// What the type's documentation says, without exceptions.
    #[must_use]
    pub const fn new() -> Self {
        use Outcome::{Cancelled, Failure, Refusal, Success, Throttled};
        let outcomes = [
            Success, Cancelled, Failure, Refusal, Failure, Refusal, Refusal, Refusal, Throttled, Refusal,
            Refusal, Refusal, Refusal, Failure, Failure, Failure, Refusal,
        ];
        Self { outcomes, stream_after: Duration::from_secs(10), errors: EveryErrorFails }
    }
}

impl<E> Grpc<E> {
    /// This code means something else.
    #[must_use]
    pub fn code(mut self, code: Code, outcome: Outcome) -> Self {
        self.outcomes[usize::from(code.0)] = outcome;
        self
    }

    /// How long after its headers a call that is still going on is taken for a stream.
    #[must_use]
    pub fn stream_after(self, time: Duration) -> Self {
        Self { stream_after: time, ..self }
    }

    /// What the service's errors mean; all are failures unless this says so.
    #[must_use]
    pub fn errors<F>(self, errors: F) -> Grpc<F> {
        Grpc { outcomes: self.outcomes, stream_after: self.stream_after, errors }
    }

    /// What a code means.
    #[must_use]
    pub fn outcome(&self, code: Code) -> Outcome {
        self.outcomes[usize::from(code.0)]
    }

    /// What is known at the headers; `None` if only the trailers will tell.
    #[must_use]
    pub fn verdict_of_headers(&self, status: StatusCode, headers: &HeaderMap) -> Option<Verdict> {
        let code = match Code::of(headers) {
            Some(code) => code,
            None if status == StatusCode::OK => return None,
            None => Code::of_http(status),
        };
        Some(self.verdict(code, headers))
    }

    /// What is known once these came after the body.
    #[must_use]
    pub fn verdict_of_trailers(&self, trailers: &HeaderMap) -> Verdict {
        self.verdict(Code::of(trailers).unwrap_or(Code::UNKNOWN), trailers)
    }

    fn verdict(&self, code: Code, told_in: &HeaderMap) -> Verdict {
        let (pause, never_again) = retry_after::of_grpc(told_in);
        Verdict::new(self.outcome(code)).retry_after(pause).never_again(never_again)
    }
}

impl<B: Body, Error, E: OfError<Error>> Classify<Response<B>, Error> for Grpc<E> {
    type Response<R: Report> = Response<Watched<B, R>>;

    fn known(&self, result: &Result<Response<B>, Error>) -> Option<Verdict> {
        let response = match result {
            Ok(response) => response,
            Err(error) => return Some(Verdict::new(self.errors.outcome(error))),
        };
        self.verdict_of_headers(response.status(), response.headers()).or_else(|| {
            // Nothing will be polled of a body that is over already.
            let over = response.body().is_end_stream();
            over.then(|| self.verdict_of_trailers(&HeaderMap::new()))
        })
    }

    fn classify<R: Report>(
        &self,
        result: Result<Response<B>, Error>,
        report: R,
    ) -> Result<Self::Response<R>, Error> {
        let known = self.known(&result);
        match (result, known) {
            (Ok(response), None) => Ok(response.map(|body| Watched::new(body, report, self.rules()))),
            (result, Some(verdict)) => {
                report.tell(verdict);
                result.map(|response| response.map(Watched::told))
            }
            // Of an error something is always known.
            (Err(error), None) => Err(error),
        }
    }
}

impl<E> Grpc<E> {
    /// What a body has to know; errors of the service are none of its.
    fn rules(&self) -> Grpc {
        Grpc { outcomes: self.outcomes, stream_after: self.stream_after, errors: EveryErrorFails }
    }

    pub(super) fn stream_after_time(&self) -> Duration {
        self.stream_after
    }
}
