//! Parts of bodies as they arrive: plain texts and numbers, so that whoever parses them can name every wrong field at once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An address as it arrives, before it is parsed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RawAddress {
    /// Street and number.
    #[schema(example = "12 St James's Square")]
    pub line1: String,
    /// The postal code.
    #[schema(example = "SW1Y 4JH")]
    pub postal_code: String,
    /// The city.
    #[schema(example = "London")]
    pub city: String,
    /// Two letters of ISO 3166-1.
    #[schema(example = "GB")]
    pub country: String,
}

/// Money as it arrives, before it is parsed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RawMoney {
    /// Minor units.
    #[schema(example = 1299)]
    pub amount: i64,
    /// A code of ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
}
