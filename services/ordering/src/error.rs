//! Why something was not done with an order.

use aggregate::Failure;

use crate::domain::Refusal;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The order said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client decided on another version of the order.
    #[error("the order is at version {current}")]
    Stale {
        /// The version that it is at.
        current: u64,
    },
    /// The saga of the order could not be moved on.
    #[error("moving the order's saga on")]
    Saga(#[from] saga::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Failure<Refusal, database::Error>> for Error {
    fn from(failure: Failure<Refusal, database::Error>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::Store(error),
        }
    }
}
