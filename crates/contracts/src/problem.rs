//! Errors as clients see them: RFC 9457, with a code that stays the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong with a request that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem, `urn:switchyard:problem:` and the code in lower case.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for a person: what is wrong, and what to do about it.
    pub detail: String,
    /// Stable and upper-case, for programs.
    #[schema(example = "ORDER_LOCKED")]
    pub code: String,
    /// The trace of the request, to quote to those who run the system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
    /// Every field that is wrong, where fields are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
}

/// One field that is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where the field is, as a path from the body's root.
    #[schema(example = "items[0].quantity")]
    pub field: String,
    /// What it should have been.
    pub message: String,
}
