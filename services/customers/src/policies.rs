//! What the customers service does on what happens elsewhere, where nobody is in charge.

use choreography::{Needs, Policy, on};
use contracts::{
    customers::Command,
    happenings::{INVOICE_PAID, ORDER_PLACED, STOCK_REFUSED, STOCK_RELEASED},
    ordering::Order,
};

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[
    on(ORDER_PLACED, Reaction::ReserveCredit),
    on(INVOICE_PAID, Reaction::SettleCredit),
    // The last link of every chain of undoing.
    on(STOCK_REFUSED, Reaction::ReleaseCredit),
    on(STOCK_RELEASED, Reaction::ReleaseCredit),
];

/// What the service may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Set its customer's credit aside.
    ReserveCredit,
    /// Free the credit, since the order came to nothing.
    ReleaseCredit,
    /// Free the credit, since the order was paid.
    SettleCredit,
}

impl Reaction {
    /// What has to be known for it.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::ReserveCredit | Self::ReleaseCredit | Self::SettleCredit => Needs::Order,
        }
    }

    /// What is asked of the customer's credit; nothing of an order that costs nothing, of which there is none.
    #[must_use]
    pub fn command(self, order: &Order) -> Option<Command> {
        let (customer_id, order_id) = (order.customer_id, order.id);
        Some(match self {
            Self::ReserveCredit => Command::ReserveCredit { customer_id, order_id, amount: order.total? },
            Self::ReleaseCredit => Command::ReleaseCredit { customer_id, order_id },
            Self::SettleCredit => Command::SettleCredit { customer_id, order_id },
        })
    }
}
