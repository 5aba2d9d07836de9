//! What came of a call.
//!
//! A breaker, a retry and a balancer all ask the same question of an answer, and it is answered here, once. A 4xx says that the
//! server is well and the request is not; a service whose errors are `Infallible` fails by its answers; and of a
//! gRPC call nothing is known until its trailers are there.
//!
//! [`Classify`] is the port; [`Http`] and [`Grpc`] are the two protocols, [`Results`] is for any other service. Whoever wants to know
//! hands in a [`Report`], which is told once, now or when the body has ended; one that is dropped untold stands for a
//! caller who has left.

mod any;
mod grpc;
mod http;
mod results;
mod retry_after;
mod watched;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::{
    any::AnyProtocol,
    grpc::{Code, Grpc},
    http::Http,
    results::{EveryErrorFails, OfError, Results},
    watched::Watched,
};

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server did what it was asked for.
    Success,
    /// The server, or the way to it, is not well.
    Failure,
    /// The server is well and said no: the request was wrong, or not allowed, or is not possible.
    Refusal,
    /// The server asks for fewer calls.
    Throttled,
    /// Nobody waits for it any more. It counts as nothing.
    Cancelled,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Success, Self::Failure, Self::Refusal, Self::Throttled, Self::Cancelled];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Refusal => "refusal",
            Self::Throttled => "throttled",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is known once a call has been classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the time until now says how fast the server is. It does not of a stream, which lasts as long as it is wanted.
    pub timed: bool,
    /// How long the server asks to be left alone, as `Retry-After` or `grpc-retry-pushback-ms` has it.
    pub retry_after: Option<Duration>,
    /// Whether the server asks not to be tried again, as a negative `grpc-retry-pushback-ms` does.
    pub never_again: bool,
}

impl Verdict {
    /// A call that was timed, and whose server asks for no pause.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self { outcome, timed: true, retry_after: None, never_again: false }
    }

    /// The same, of a stream.
    #[must_use]
    pub const fn untimed(self) -> Self {
        Self { timed: false, ..self }
    }

    /// The same, of a server that asks for a pause.
    #[must_use]
    pub const fn retry_after(self, pause: Option<Duration>) -> Self {
        Self { retry_after: pause, ..self }
    }

    /// The same, of a server that asks not to be tried again.
    #[must_use]
    pub const fn never_again(self, asks: bool) -> Self {
        Self { never_again: asks, ..self }
    }
}

/// Who wants to know what came of a call. Dropped without having been told, it stands for [`Outcome::Cancelled`].
pub trait Report {
    /// Is told, once.
    fn tell(self, verdict: Verdict);
}

/// How to find out what came of a call.
pub trait Classify<Response, Error> {
    /// The response with whatever still has to tell `R`.
    type Response<R: Report>;

    /// What is known by now, before the body is read; `None` if only its end will tell. Who asks must decide now: a retry, a hedge.
    fn known(&self, result: &Result<Response, Error>) -> Option<Verdict>;

    /// Tells `report` now, or has the response do it later.
    ///
    /// # Errors
    /// The error that the call ended with, as it is.
    fn classify<R: Report>(
        &self,
        result: Result<Response, Error>,
        report: R,
    ) -> Result<Self::Response<R>, Error>;
}
