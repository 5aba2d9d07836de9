//! What an error means to a caller.

use std::{error::Error, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

use super::layer::TimeOuts;
use crate::{Refused, Why, deadline, timeout};

/// What a call ended with, as far as a caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Refused(Refused),
    TimedOut,
    Failed,
}

impl Meaning {
    /// By the first error that says, from the outermost to its last source.
    pub(super) fn of(error: &(dyn Error + 'static), time_outs: Option<&TimeOuts>) -> Self {
        let is_time_out = |error| is_time_out(error) || time_outs.is_some_and(|time_outs| time_outs(error));
        std::iter::successors(Some(error), |&error| error.source())
            .find_map(|error| {
                let refused = error.downcast_ref().cloned().map(Self::Refused);
                refused.or_else(|| is_time_out(error).then_some(Self::TimedOut))
            })
            .unwrap_or(Self::Failed)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refused) if refused.why() == Why::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed => StatusCode::BAD_GATEWAY,
        }
    }

    fn grpc_code(&self) -> &'static str {
        const DEADLINE_EXCEEDED: &str = "4";
        const RESOURCE_EXHAUSTED: &str = "8";
        const UNAVAILABLE: &str = "14";
        match self {
            Self::Refused(refused) => match refused.why() {
                Why::RateLimited | Why::LimitReached | Why::QueueFull | Why::Shed => RESOURCE_EXHAUSTED,
                Why::OutOfTime => DEADLINE_EXCEEDED,
                Why::CircuitOpen | Why::QueuedTooLong | Why::NoEndpoint => UNAVAILABLE,
            },
            Self::TimedOut => DEADLINE_EXCEEDED,
            Self::Failed => UNAVAILABLE,
        }
    }

    /// Why, as a word of a fixed set.
    fn label(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.why().label(),
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
        }
    }

    fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::TimedOut | Self::Failed => None,
        }
    }
}

fn is_time_out(error: &(dyn Error + 'static)) -> bool {
    error.is::<deadline::Exceeded>()
        || error.is::<timeout::Elapsed>()
        || error.is::<tokio::time::error::Elapsed>()
}

/// How a request wants to be answered.
#[derive(Clone, Debug)]
pub(super) enum Protocol {
    Http,
    /// With the content type that the answer has, too.
    Grpc(HeaderValue),
}

impl Protocol {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match headers.get(CONTENT_TYPE) {
            Some(kind) if kind.as_bytes().starts_with(b"application/grpc") => Self::Grpc(kind.clone()),
            _ => Self::Http,
        }
    }

    pub(super) fn answer<B: Default>(
        &self,
        meaning: &Meaning,
        reason_in: Option<&HeaderName>,
    ) -> Response<B> {
        let mut response = Response::new(B::default());
        let refused = meaning.refused();
        if let Some(fields) = refused.and_then(Refused::header_fields) {
            response.headers_mut().clone_from(fields);
        }
        match self {
            Self::Http => {
                *response.status_mut() = meaning.status();
                if let Some(seconds) = refused.and_then(Refused::retry_after_seconds) {
                    response.headers_mut().insert(RETRY_AFTER, seconds.into());
                }
            }
            Self::Grpc(content_type) => {
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, content_type.clone());
                headers.insert("grpc-status", HeaderValue::from_static(meaning.grpc_code()));
                if let Some(wait) = refused.and_then(Refused::retry_in) {
                    headers.insert("grpc-retry-pushback-ms", millis_rounded_up(wait).into());
                }
            }
        }
        if let Some(name) = reason_in {
            response.headers_mut().insert(name, HeaderValue::from_static(meaning.label()));
        }
        response
    }
}

fn millis_rounded_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
