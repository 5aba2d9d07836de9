//! What the customers service does on what happens elsewhere, where nobody is in charge.

use choreography::{Facts, Needs, Policy, on};
use contracts::{
    OrderId,
    customers::Command,
    happenings::{INVOICE_PAID, ORDER_PLACED, STOCK_REFUSED, STOCK_RELEASED},
};
use messaging::HandlerError;

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

impl choreography::Reaction for Reaction {
    type Command = Command;

    fn needs(self) -> Needs {
        match self {
            Self::ReserveCredit | Self::ReleaseCredit | Self::SettleCredit => Needs::Order,
        }
    }

    /// What is asked of the customer's credit; nothing of an order that costs nothing, of which there is none.
    fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        let order = facts.order()?;
        let customer_id = order.customer_id;
        Ok(match self {
            Self::ReserveCredit => {
                order.total.map(|amount| Command::ReserveCredit { customer_id, order_id, amount })
            }
            Self::ReleaseCredit => Some(Command::ReleaseCredit { customer_id, order_id }),
            Self::SettleCredit => Some(Command::SettleCredit { customer_id, order_id }),
        })
    }
}

#[cfg(test)]
mod tests {
    use choreography::Reaction as _;
    use serde_json::json;

    use super::*;

    /// An order that costs so much, or nothing.
    fn facts(total: Option<i64>) -> Facts {
        let total = total.map(|amount| json!({"amount": amount, "currency": "EUR"}));
        let order = json!({
            "id": "00000000-0000-0000-0000-000000000001", "customer_id": "00000000-0000-0000-0000-000000000002",
            "status": "PENDING", "items": [], "total": total, "warnings": [],
            "created_at": "2026-01-01T00:00:00Z", "version": 2,
        });
        Facts { order: Some(serde_json::from_value(order).unwrap()), ..Facts::default() }
    }

    fn asked(reaction: Reaction, facts: &Facts) -> Option<Command> {
        reaction.command(facts.order().unwrap().id, facts).unwrap()
    }

    #[test]
    fn the_credit_of_whoever_ordered_is_asked_for_what_the_order_costs() {
        let facts = facts(Some(2500));
        let order = facts.order().unwrap();
        let (customer_id, order_id) = (order.customer_id, order.id);
        let reserve = Command::ReserveCredit { customer_id, order_id, amount: order.total.unwrap() };
        assert_eq!(asked(Reaction::ReserveCredit, &facts), Some(reserve));
        let release = Command::ReleaseCredit { customer_id, order_id };
        assert_eq!(asked(Reaction::ReleaseCredit, &facts), Some(release));
        let settle = Command::SettleCredit { customer_id, order_id };
        assert_eq!(asked(Reaction::SettleCredit, &facts), Some(settle));
    }

    #[test]
    fn nothing_is_reserved_for_an_order_that_costs_nothing() {
        assert_eq!(asked(Reaction::ReserveCredit, &facts(None)), None);
    }
}
