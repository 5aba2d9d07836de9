//! Why a call has no answer.

use std::error::Error as StdError;

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;

use crate::problem::{self, Problem};

type Source = Box<dyn StdError + Send + Sync>;

/// Why a call has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The call itself makes no sense.
    #[error("preparing {call}")]
    Malformed {
        /// Method and URL.
        call: String,
        /// What is wrong with it.
        #[source]
        source: Source,
    },
    /// No connection, so nothing was sent.
    #[error("connecting for {call}")]
    Unreachable {
        /// Method and URL.
        call: String,
        /// Why not.
        #[source]
        source: Source,
    },
    /// The circuit is open: calls of this service would most likely fail, so nothing was sent.
    #[error("{call}: not sent")]
    Refused {
        /// Method and URL.
        call: String,
        /// Why, and in how long another try may be worth it.
        #[source]
        source: mesh::Refused,
    },
    /// No answer in time.
    #[error("{call}: no answer before the deadline")]
    TimedOut {
        /// Method and URL.
        call: String,
        /// Whether any of it may have been sent.
        sent: bool,
    },
    /// The connection broke before the whole answer was there.
    #[error("reading the answer to {call}")]
    Broken {
        /// Method and URL.
        call: String,
        /// What broke it.
        #[source]
        source: Source,
    },
    /// The answer is larger than this client reads.
    #[error("{call}: the answer is larger than {limit} bytes")]
    BodyTooLarge {
        /// Method and URL.
        call: String,
        /// What this client reads.
        limit: usize,
    },
    /// The answer is not what it should be.
    #[error("understanding the answer to {call}")]
    Decode {
        /// Method and URL.
        call: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether the callee may have acted on the call. If not, sending it again is always safe.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        match self {
            Error::Malformed { .. } | Error::Unreachable { .. } | Error::Refused { .. } => false,
            Error::TimedOut { sent, .. } => *sent,
            Error::Broken { .. } | Error::BodyTooLarge { .. } | Error::Decode { .. } => true,
        }
    }

    /// Whether the call was a request handed on whose body proved larger than the edge lets through.
    #[must_use]
    pub fn is_request_too_large(&self) -> bool {
        let mut causes = std::iter::successors(self.source(), |&error| error.source());
        !matches!(self, Error::BodyTooLarge { .. }) && causes.any(<dyn StdError>::is::<LengthLimitError>)
    }

    /// What metrics and traces call it, one of a few words. It may be told to anybody, unlike the rest, which has the
    /// callee's address.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Error::Malformed { .. } => "malformed",
            Error::Unreachable { .. } => "unreachable",
            Error::Refused { .. } => "refused",
            Error::TimedOut { .. } => "timeout",
            Error::Broken { .. } => "broken",
            Error::BodyTooLarge { .. } => "body_too_large",
            Error::Decode { .. } => "decode",
        }
    }

    pub(super) fn of_client(call: String, source: legacy::Error) -> Self {
        if source.is_connect() {
            Error::Unreachable { call, source: source.into() }
        } else {
            Error::Broken { call, source: source.into() }
        }
    }
}

/// A callee that is away, which is logged: 503, or 504 where the deadline passed before anything was sent.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::TimedOut { sent: false, .. } => Problem::deadline_exceeded(),
            Error::Malformed { .. } | Error::Decode { .. } => problem::internal(&error),
            Error::Refused { source, .. } => {
                let retry_in = source.retry_in();
                problem::unavailable(&error).retry_after(retry_in.unwrap_or(problem::RETRY_AFTER))
            }
            _ if error.is_request_too_large() => crate::extract::body_too_large(),
            _ => problem::unavailable(&error),
        }
    }
}
