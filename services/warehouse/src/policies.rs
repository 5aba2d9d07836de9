//! What the warehouse does on what happens elsewhere, where nobody is in charge.

use choreography::{Facts, Needs, Policy, on};
use contracts::{
    Line, OrderId,
    happenings::{CALLED_OFF, CREDIT_RESERVED, DISPATCHED},
    warehouse::Command,
};
use messaging::HandlerError;

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[
    on(CREDIT_RESERVED, Reaction::ReserveStock),
    on(DISPATCHED, Reaction::TakeStockOut),
    // The second link of the chain of undoing.
    on(CALLED_OFF, Reaction::ReleaseStock),
];

/// What the warehouse may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Set its stock aside.
    ReserveStock,
    /// Free its stock.
    ReleaseStock,
    /// Let its stock leave the house.
    TakeStockOut,
}

impl choreography::Reaction for Reaction {
    type Command = Command;

    fn needs(self) -> Needs {
        match self {
            Self::ReserveStock | Self::ReleaseStock | Self::TakeStockOut => Needs::Order,
        }
    }

    /// What is asked of the stock.
    fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        let line = |item: &contracts::ordering::Item| Line { sku: item.sku.clone(), quantity: item.quantity };
        let lines = facts.order()?.items.iter().map(line).collect();
        Ok(Some(match self {
            Self::ReserveStock => Command::ReserveStock { order_id, lines },
            Self::ReleaseStock => Command::ReleaseStock { order_id, lines },
            Self::TakeStockOut => Command::TakeStockOut { order_id, lines },
        }))
    }
}

#[cfg(test)]
mod tests {
    use choreography::Reaction as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_was_ordered_is_set_aside_let_go_and_taken_out() {
        let price = json!({"amount": 1250, "currency": "EUR"});
        let item =
            |sku, quantity| json!({"sku": sku, "name": "Tea", "quantity": quantity, "unit_price": price});
        let order = json!({
            "id": "00000000-0000-0000-0000-000000000001", "customer_id": "00000000-0000-0000-0000-000000000002",
            "status": "PENDING", "items": [item("TEA", 2), item("POT", 1)], "total": price, "warnings": [],
            "created_at": "2026-01-01T00:00:00Z", "version": 2,
        });
        let facts = Facts { order: Some(serde_json::from_value(order).unwrap()), ..Facts::default() };
        let order_id = facts.order().unwrap().id;
        let asked = |reaction: Reaction| reaction.command(order_id, &facts).unwrap();
        let line = |sku: &str, quantity: i64| Line {
            sku: sku.parse().unwrap(),
            quantity: quantity.try_into().unwrap(),
        };
        let lines = vec![line("TEA", 2), line("POT", 1)];
        let reserve = Command::ReserveStock { order_id, lines: lines.clone() };
        assert_eq!(asked(Reaction::ReserveStock), Some(reserve));
        let release = Command::ReleaseStock { order_id, lines: lines.clone() };
        assert_eq!(asked(Reaction::ReleaseStock), Some(release));
        let take_out = Command::TakeStockOut { order_id, lines };
        assert_eq!(asked(Reaction::TakeStockOut), Some(take_out));
    }
}
