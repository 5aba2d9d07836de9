//! Parsed values: holding one is the proof that it is well-formed.
//!
//! Each type can be made only through its parser, serde included, so that a rule of the domain never has to check the
//! form of what it is given.

mod address;
mod id;
mod money;
mod quantity;
mod text;
mod timestamp;

pub use address::{Address, Contact, CountryCode};
pub use id::{CustomerId, OrderId};
pub use money::{Currency, Money, MoneyError};
pub use quantity::{Count, Line, Quantity};
pub use text::{Email, Name, Reference, Sku};
pub use timestamp::Timestamp;

/// Why a text or a number is not the value it was meant to be; a sentence for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(crate) String);

impl Invalid {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
