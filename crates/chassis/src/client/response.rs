//! An answer that has been read to its end.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use contracts::problem::Problem;
use serde::de::DeserializeOwned;

use super::Error;

/// An answer, of whatever status.
#[derive(Clone, Debug)]
pub struct Response {
    /// Method and URL of the call, for errors.
    pub(super) call: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is not, or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|source| Error::Decode { call: self.call.clone(), source })
    }

    /// The problem that the body tells, if the status is an error's and the body is one.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        if self.is_success() { None } else { self.json().ok() }
    }
}
