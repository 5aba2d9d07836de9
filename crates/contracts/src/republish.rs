//! `POST /republish`: an owner tells again what there is, a page at a time.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which page, as the query of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The undertaking that it is part of: its messages have ids that follow from it, so that a page which is asked for twice
    /// is told once. A new one unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// Behind which aggregate; from the first unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many aggregates at most: 1 to 1000, 200 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What was told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Republished {
    /// The undertaking.
    pub run: Uuid,
    /// How many documents were put into the outbox.
    pub documents: u64,
    /// Ask with this as `after` for what follows; null at the end.
    pub next: Option<String>,
}
