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

#[cfg(test)]
mod tests {
    use contracts::ordering::OrderStatus::{Open, Pending};

    use super::*;

    /// An order of one product, or of none.
    fn order(total: Option<i64>) -> Order {
        let total = total.map(|amount| serde_json::json!({"amount": amount, "currency": "EUR"}));
        let status = if total.is_some() { Pending } else { Open };
        serde_json::from_value(serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000001", "customer_id": "00000000-0000-0000-0000-000000000002",
            "status": status, "items": [], "total": total, "warnings": [],
            "created_at": "2026-01-01T00:00:00Z", "version": 2,
        }))
        .unwrap()
    }

    #[test]
    fn the_credit_of_whoever_ordered_is_asked_for_what_the_order_costs() {
        let order = order(Some(2500));
        let (customer_id, order_id) = (order.customer_id, order.id);
        let reserve = Command::ReserveCredit { customer_id, order_id, amount: order.total.unwrap() };
        assert_eq!(Reaction::ReserveCredit.command(&order), Some(reserve));
        let release = Command::ReleaseCredit { customer_id, order_id };
        assert_eq!(Reaction::ReleaseCredit.command(&order), Some(release));
        let settle = Command::SettleCredit { customer_id, order_id };
        assert_eq!(Reaction::SettleCredit.command(&order), Some(settle));
    }

    #[test]
    fn nothing_is_reserved_for_an_order_that_costs_nothing() {
        assert_eq!(Reaction::ReserveCredit.command(&order(None)), None);
    }
}
