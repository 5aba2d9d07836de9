//! Why a simulator did not answer as it should have, on purpose or not.

use axum::http::StatusCode;
use chassis::problem::{self, Problem, RETRY_AFTER, code};
use contracts::{problem::FieldError, values::Invalid};
use serde::{Serialize, de::DeserializeOwned};

/// Why a simulator did not answer as it should have.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is set to be away.
    #[error("the simulator is set to be down")]
    Down,
    /// It is set to fail now and then, before anything is done.
    #[error("the simulator is set to fail")]
    NotDone,
    /// It is set to lose answers now and then, after everything was done.
    #[error("the simulator is set to lose answers")]
    AnswerLost,
    /// The request was held until its deadline.
    #[error("the request was held until its deadline")]
    Held,
    /// The request was held until the process was told to stop.
    #[error("the request was held until the simulator stopped")]
    Stopping,
    /// The idempotency key came with another body before.
    #[error("the idempotency key belongs to another request")]
    KeyReused,
    /// Settings that make no sense.
    #[error("the settings are wrong")]
    Settings(Vec<FieldError>),
    /// The store failed.
    #[error("using the store")]
    Store(#[from] database::Error),
    /// The store holds a document that this program cannot read.
    #[error("reading a document of the store")]
    Document(#[from] serde_json::Error),
    /// The store holds a value that this program cannot read.
    #[error("reading a value of the store")]
    Value(#[from] Invalid),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Down => Self::unavailable("Nobody is here.", RETRY_AFTER),
            Error::Stopping => Self::unavailable("The simulator is stopping.", RETRY_AFTER),
            Error::NotDone => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL_ERROR, "Nothing was done.")
            }
            Error::AnswerLost => Self::new(StatusCode::BAD_GATEWAY, "ANSWER_LOST", "The answer was lost."),
            Error::Held => Self::deadline_exceeded(),
            Error::KeyReused => {
                Self::unprocessable(code::IDEMPOTENCY_MISMATCH, "This key came with another request before.")
            }
            Error::Settings(errors) => Self::invalid(errors),
            Error::Store(error) => error.into(),
            Error::Document(_) | Error::Value(_) => problem::internal(&error),
        }
    }
}

/// The text that a value is stored as.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, Error> {
    Ok(serde_json::to_string(value)?)
}

/// The value that was stored as this text.
pub(crate) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    Ok(serde_json::from_str(text)?)
}
