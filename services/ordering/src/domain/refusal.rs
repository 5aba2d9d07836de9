//! Why an order says no.

use contracts::values::MoneyError;

/// Why an order refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was ever ordered under this id.
    #[error("there is no such order")]
    UnknownOrder,
    /// The id belongs to an order of another customer, or with another reference.
    #[error("there is another order with this id")]
    AlreadyExists,
    /// It is no longer open: the semantic lock.
    #[error("the order is no longer open: it can be cancelled, but not changed or placed")]
    OrderLocked,
    /// There is nothing to ship.
    #[error("the order has no items")]
    EmptyOrder,
    /// The order has no line for this product.
    #[error("the order has no such item")]
    UnknownLine,
    /// It has as many lines as it may have.
    #[error("an order has at most {} items", super::Lines::MAX)]
    TooManyLines,
    /// The line would be about more pieces than a line may be.
    #[error("an item's quantity is at most {}", contracts::Quantity::MAX)]
    QuantityTooLarge,
    /// The product is priced in another currency than the lines that are there.
    #[error("all items of an order are priced in one currency")]
    CurrencyMismatch,
    /// The order would cost more than an amount of money can say.
    #[error("the total would exceed {} minor units", contracts::Money::MAX)]
    TotalTooLarge,
    /// The goods have left: there is no way back.
    #[error("the order was dispatched already")]
    AlreadyDispatched,
    /// It came to nothing already.
    #[error("the order was rejected already")]
    OrderRejected,
}

impl Refusal {
    /// The cause, for programs; never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::OrderLocked => "ORDER_LOCKED",
            Self::EmptyOrder => "EMPTY_ORDER",
            Self::UnknownLine => "UNKNOWN_LINE",
            Self::TooManyLines => "TOO_MANY_LINES",
            Self::QuantityTooLarge => "QUANTITY_TOO_LARGE",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::TotalTooLarge => "TOTAL_TOO_LARGE",
            Self::AlreadyDispatched => "ALREADY_DISPATCHED",
            Self::OrderRejected => "ORDER_REJECTED",
        }
    }
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch => Self::CurrencyMismatch,
            MoneyError::OutOfRange => Self::TotalTooLarge,
        }
    }
}
