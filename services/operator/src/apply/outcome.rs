//! What became of a write.

use tokio::time::Instant;

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Made,
    /// Nothing was written: the object has changed since, or is gone. It is to be planned again.
    Conflict,
    /// Nothing was written, and nothing will be as things stand; what the API server says.
    Refused(String),
    /// Nothing was written: too many requests, or this operator does not lead any more.
    NotNow,
    /// Nobody knows. It may still land.
    Unknown(String),
}

/// A write that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What became of it.
    pub outcome: Outcome,
    /// When it was begun.
    pub began: Instant,
    /// When that was known.
    pub ended: Instant,
}

impl Outcome {
    /// In a word, for metrics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Conflict => "conflict",
            Self::Refused(_) => "refused",
            Self::NotNow => "not_now",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Of a request.
    pub(super) fn of<T>(result: Result<T, kube::Error>) -> Self {
        match result {
            Ok(_) => Self::Made,
            Err(kube::Error::Api(status)) => match status.code {
                404 | 409 => Self::Conflict,
                429 => Self::NotNow,
                400..=499 => Self::Refused(status.message.clone()),
                _ => Self::Unknown(status.message.clone()),
            },
            Err(kube::Error::BuildRequest(error)) => Self::Refused(error.to_string()),
            Err(error) => Self::Unknown(crate::error::chain(&error)),
        }
    }
}
