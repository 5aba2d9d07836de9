//! Collects every field that is wrong, so that a caller learns of all of them at once.

use std::fmt::Display;

use contracts::{
    Address, Currency, Money,
    problem::FieldError,
    raw::{RawAddress, RawMoney},
};

use crate::problem::Problem;

/// What is wrong with the fields of one request.
///
/// ```
/// use chassis::{extract::Fields, problem::Problem};
///
/// fn parse(port: &str, host: &str) -> Result<(u16, std::net::IpAddr), Problem> {
///     let mut fields = Fields::new();
///     let port = fields.check("port", port.parse());
///     let host = fields.check("host", host.parse());
///     fields.all(|| Some((port?, host?)))
/// }
///
/// assert_eq!(parse("many", "nowhere").unwrap_err().errors().len(), 2);
/// assert!(parse("80", "127.0.0.1").is_ok());
/// ```
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, or `None` after noting why `field` has none. `field` is its path from the body's root.
    pub fn check<T, E: Display>(&mut self, field: impl Into<String>, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.note(field, error.to_string())).ok()
    }

    /// Notes that `field` is wrong.
    pub fn note(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Money; its amount is checked even where its currency is wrong, so that both are named.
    pub fn money(&mut self, field: &str, raw: &RawMoney) -> Option<Money> {
        let currency = self.check(format!("{field}.currency"), raw.currency.parse());
        let amount = self.check(format!("{field}.amount"), Money::new(raw.amount, Currency::EUR));
        Money::new(amount?.amount(), currency?).ok()
    }

    /// An address, each of its fields.
    pub fn address(&mut self, field: &str, raw: &RawAddress) -> Option<Address> {
        let line1 = self.check(format!("{field}.line1"), raw.line1.parse());
        let postal_code = self.check(format!("{field}.postal_code"), raw.postal_code.parse());
        let city = self.check(format!("{field}.city"), raw.city.parse());
        let country = self.check(format!("{field}.country"), raw.country.parse());
        Some(Address { line1: line1?, postal_code: postal_code?, city: city?, country: country? })
    }

    /// `whole`, if nothing is wrong with any field of it: for what is checked as a whole, and not for an answer.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn none_wrong<T>(self, whole: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(whole) } else { Err(self.0) }
    }

    /// What `build` makes of the values, if none was wrong. It answers `None` only for a value that was.
    ///
    /// # Errors
    /// 422 with every field that is wrong.
    pub fn all<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        match build() {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}
