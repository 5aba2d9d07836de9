//! Why a product says no.

/// Why a product refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was ever added under this sku.
    #[error("there is no such product")]
    UnknownProduct,
    /// There is a product of this sku.
    #[error("there is a product with this sku already")]
    AlreadyExists,
    /// The order's stock was released before it was reserved: an undo overtook it.
    #[error("the stock of this order was released already")]
    Released,
    /// More would have come in than can be counted.
    #[error("at most {} pieces of a product can ever come in", contracts::Count::MAX)]
    CountTooLarge,
}

impl Refusal {
    /// The cause, for programs; never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownProduct => "UNKNOWN_PRODUCT",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Released => "RELEASED",
            Self::CountTooLarge => "COUNT_TOO_LARGE",
        }
    }
}
