//! What can be asked of a customer.

use contracts::{Address, Email, Money, Name, OrderId, Timestamp};

/// What can be asked of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Become one.
    Register {
        /// Their name.
        name: Name,
        /// Where mail reaches them.
        email: Email,
        /// Where parcels reach them.
        address: Address,
        /// How much they may owe.
        credit_limit: Money,
        /// Now.
        at: Timestamp,
    },
    /// Owe at most another amount.
    ChangeCreditLimit {
        /// The amount.
        credit_limit: Money,
    },
    /// Set credit aside for an order.
    ReserveCredit {
        /// The order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    },
    /// Free the credit of an order that came to nothing, and set none aside for it later.
    ReleaseCredit {
        /// The order.
        order_id: OrderId,
    },
    /// Free the credit of an order that was paid.
    SettleCredit {
        /// The order.
        order_id: OrderId,
    },
}

impl Command {
    /// What it is called where commands are listed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::ChangeCreditLimit { .. } => "change_credit_limit",
            Self::ReserveCredit { .. } => "reserve_credit",
            Self::ReleaseCredit { .. } => "release_credit",
            Self::SettleCredit { .. } => "settle_credit",
        }
    }
}
