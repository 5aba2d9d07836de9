//! An answer that can be kept.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contracts::problem::MEDIA_TYPE;
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::Problem;

/// Status, headers and JSON body, made inside the transaction that they tell of.
#[derive(Debug)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Found out when the body was made, told by [`check`](Self::check) while the work can still be undone.
    unserialisable: Option<serde_json::Error>,
}

impl Answer {
    /// An answer with a JSON body. A body that has no JSON form undoes the work and is answered 500.
    #[must_use]
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let (body, unserialisable) = match serde_json::to_vec(body) {
            Ok(body) => (body, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let json_type = HeaderValue::from_static("application/json");
        let answer = Answer { status, headers: HeaderMap::new(), body, unserialisable };
        answer.header_value(header::CONTENT_TYPE, json_type)
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Answer { status, headers: HeaderMap::new(), body: Vec::new(), unserialisable: None }
    }

    pub(super) fn of_problem(problem: &Problem) -> Self {
        let answer = Self::json(problem.status(), &problem.body());
        answer.header_value(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))
    }

    /// With this header. A value that no header can have is left out: ours are made of ids and paths, which
    /// always fit.
    #[must_use]
    pub fn header(self, name: HeaderName, value: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(value.as_ref()) {
            Ok(value) => self.header_value(name, value),
            Err(_) => self,
        }
    }

    /// With this header, such as [`etag`](crate::extract::etag) makes it.
    #[must_use]
    pub fn with(self, (name, value): (HeaderName, HeaderValue)) -> Self {
        self.header_value(name, value)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the JSON body says: for a handler that goes on from what was done, be it now or under the same
    /// key before.
    ///
    /// # Errors
    /// The body is not the JSON of a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    fn header_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn check(self) -> Result<Self, serde_json::Error> {
        match self.unserialisable {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

/// The answer to a key.
#[derive(Debug)]
pub struct Answered {
    /// What to answer.
    pub answer: Answer,
    /// Whether it was kept from an earlier request: this one has started nothing.
    pub repeated: bool,
}

impl Answered {
    pub(super) fn first(answer: Answer) -> Self {
        Answered { answer, repeated: false }
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        self.answer.into_response()
    }
}
