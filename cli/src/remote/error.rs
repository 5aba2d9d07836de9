//! Why the system did not do what it was asked.

use axum::http::StatusCode;
use chassis::client;
use contracts::problem::Problem;

use super::Address;
use crate::failure::Failure;

/// Why the system did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no answer.
    #[error("{whose} at {address} does not answer")]
    NoAnswer {
        /// Who was asked.
        whose: &'static str,
        /// Where.
        address: Address,
        /// The option that names another address.
        option: &'static str,
        /// Why not.
        #[source]
        source: client::Error,
    },
    /// The answer was no, and says why.
    #[error("{call}: {} {}: {}{}", problem.status, problem.code, problem.detail, fields(problem))]
    Refused {
        /// Method and URL.
        call: String,
        /// What the answer says.
        problem: Box<Problem>,
    },
    /// Something answered that is not what should be there.
    #[error("{call}: the answer was {status}, which this part of the system does not say")]
    Foreign {
        /// Method and URL.
        call: String,
        /// What was answered.
        status: StatusCode,
    },
    /// The answer cannot be understood.
    #[error(transparent)]
    Unclear(client::Error),
}

impl Error {
    /// The code of the problem, if the answer was one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => Some(&problem.code),
            _ => None,
        }
    }

    /// Whether what was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Refused { problem, .. } => problem.status == 404,
            Self::Foreign { status, .. } => *status == StatusCode::NOT_FOUND,
            _ => false,
        }
    }

    /// For what every such part of the system has: without it, it is something else that answered.
    pub(super) fn foreign_if_not_found(self) -> Self {
        match self {
            Self::Refused { call, problem } if problem.status == 404 => {
                Self::Foreign { call, status: StatusCode::NOT_FOUND }
            }
            other => other,
        }
    }
}

/// Every field that the problem names.
fn fields(problem: &Problem) -> String {
    let fields = problem.errors.iter().flatten();
    fields.map(|error| format!(" [{}: {}]", error.field, error.message)).collect()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::because(&error);
        match error {
            Error::NoAnswer { option, .. } => failure.advise(format!(
                "Start the system with `switchyard up`, or say where it is with {option} URL; `switchyard doctor` looks further."
            )),
            Error::Foreign { .. } => {
                failure.advise("Is something else there? The gateway (--gateway) and the admin port (--admin) are two addresses.")
            }
            Error::Unclear(_) => {
                failure.advise("The system may be of another release than this program; `switchyard doctor` tells.")
            }
            Error::Refused { .. } => failure,
        }
    }
}
