//! What clients are told of errors.

use axum::http::StatusCode;
use chassis::problem::Problem;

use crate::application::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                Problem::new(StatusCode::CONFLICT, refusal.code(), refusal.to_string())
            }
            Error::Store(source) => source.into(),
        }
    }
}
