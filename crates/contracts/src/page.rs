//! One page of a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of a list, and the cursor of the one after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things listed.
    pub items: Vec<T>,
    /// Ask with this as `cursor` for what follows; null at the end.
    pub next: Option<String>,
}
