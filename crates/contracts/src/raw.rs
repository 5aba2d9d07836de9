//! Bodies as they arrive, and the parsing that names every wrong field at once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Address, Money, problem::FieldError, values::Invalid};

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

/// Collects every field of a body that is wrong, so that a client hears of all of them at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Nothing wrong so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The parsed value, or a note of what is wrong with `field`.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.refuse(field, invalid.to_string())).ok()
    }

    /// Notes that `field` is wrong, for a reason that is no single value's form.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Money, its field named by its parts.
    pub fn money(&mut self, field: &str, raw: &RawMoney) -> Option<Money> {
        let currency = self.take(&format!("{field}.currency"), raw.currency.parse());
        // The amount is checked even when the currency is wrong: both are named.
        let amount = self.take(&format!("{field}.amount"), Money::new(raw.amount, crate::Currency::EUR));
        Money::new(amount?.amount(), currency?).ok()
    }

    /// An address, each of its fields named.
    pub fn address(&mut self, field: &str, raw: &RawAddress) -> Option<Address> {
        let line1 = self.take(&format!("{field}.line1"), raw.line1.parse());
        let postal_code = self.take(&format!("{field}.postal_code"), raw.postal_code.parse());
        let city = self.take(&format!("{field}.city"), raw.city.parse());
        let country = self.take(&format!("{field}.country"), raw.country.parse());
        Some(Address { line1: line1?, postal_code: postal_code?, city: city?, country: country? })
    }

    /// The whole, if every field was right.
    ///
    /// # Errors
    /// Every field that was wrong.
    pub fn finish<T>(self, whole: Option<T>) -> Result<T, Vec<FieldError>> {
        match whole {
            Some(whole) if self.0.is_empty() => Ok(whole),
            _ => Err(self.0),
        }
    }
}
