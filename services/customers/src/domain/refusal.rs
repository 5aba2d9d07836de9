//! Why a customer says no.

/// Why a customer refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody ever registered under this id.
    #[error("there is no such customer")]
    UnknownCustomer,
    /// Somebody else registered under this id.
    #[error("there is another customer with this id")]
    AlreadyExists,
    /// The new limit is in another currency than what is reserved.
    #[error("the limit is in another currency than what is reserved")]
    CurrencyMismatch,
    /// More than the new limit is reserved already.
    #[error("more than this limit is reserved already")]
    LimitBelowReserved,
    /// The order's credit was released before it was reserved: an undo overtook it.
    #[error("the credit of this order was released already")]
    Released,
}

impl Refusal {
    /// The cause, for programs; never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCustomer => "UNKNOWN_CUSTOMER",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::LimitBelowReserved => "LIMIT_BELOW_RESERVED",
            Self::Released => "RELEASED",
        }
    }
}
