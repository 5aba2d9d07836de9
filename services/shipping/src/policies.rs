//! What shipping does on what happens elsewhere, where nobody is in charge.

use choreography::{Facts, Needs, Policy, on};
use contracts::{
    Line, OrderId,
    happenings::{ORDER_CANCEL_STARTED, STOCK_RESERVED},
    shipping::Command,
};
use messaging::HandlerError;

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[
    on(STOCK_RESERVED, Reaction::RequestShipment),
    // The first link of the chain of undoing: shipping alone decides between a cancel and the carrier.
    on(ORDER_CANCEL_STARTED, Reaction::CallOff),
];

/// What shipping may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Have its goods carried to the customer.
    RequestShipment,
    /// Do not ship, if that is still possible.
    CallOff,
}

impl choreography::Reaction for Reaction {
    type Command = Command;

    fn needs(self) -> Needs {
        match self {
            Self::RequestShipment => Needs::OrderAndCustomer,
            Self::CallOff => Needs::Nothing,
        }
    }

    /// What is asked of shipping.
    fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        Ok(Some(match self {
            Self::CallOff => Command::CallOff { order_id },
            Self::RequestShipment => {
                let (order, address) = (facts.order()?, facts.contact()?.address);
                let line = |item: &contracts::ordering::Item| Line {
                    sku: item.sku.clone(),
                    quantity: item.quantity,
                };
                let (reference, lines) = (order.reference.clone(), order.items.iter().map(line).collect());
                Command::RequestShipment { order_id, reference, address, lines }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use choreography::Reaction as _;
    use serde_json::json;

    use super::*;

    fn facts() -> Facts {
        let price = json!({"amount": 1250, "currency": "EUR"});
        let order = json!({
            "id": "00000000-0000-0000-0000-000000000001", "customer_id": "00000000-0000-0000-0000-000000000002",
            "status": "APPROVED", "reference": "web-4711", "total": price, "warnings": [],
            "items": [{"sku": "TEA", "name": "Tea", "quantity": 2, "unit_price": price}],
            "created_at": "2026-01-01T00:00:00Z", "version": 4,
        });
        let customer = json!({
            "id": "00000000-0000-0000-0000-000000000002", "name": "Ada", "email": "ada@example.org",
            "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
            "credit_limit": price, "credit_reserved": price, "credit_available": price,
            "created_at": "2026-01-01T00:00:00Z", "version": 1,
        });
        let order = Some(serde_json::from_value(order).unwrap());
        Facts { order, customer: Some(serde_json::from_value(customer).unwrap()), ..Facts::default() }
    }

    #[test]
    fn what_was_ordered_is_shipped_to_where_the_customer_is() {
        let facts = facts();
        let order = facts.order().unwrap();
        let command = Reaction::RequestShipment.command(order.id, &facts).unwrap();
        let line = Line { sku: "TEA".parse().unwrap(), quantity: 2.try_into().unwrap() };
        let (reference, address) = (order.reference.clone(), facts.contact().unwrap().address);
        let expected = Command::RequestShipment { order_id: order.id, reference, address, lines: vec![line] };
        assert_eq!(command, Some(expected));
    }

    #[test]
    fn a_shipment_waits_until_it_is_known_to_whom_and_of_what() {
        let id = facts().order().unwrap().id;
        for missing in [Facts { order: None, ..facts() }, Facts { customer: None, ..facts() }] {
            let command = Reaction::RequestShipment.command(id, &missing);
            assert!(matches!(command, Err(HandlerError::Unavailable(_))), "{command:?}");
        }
    }

    #[test]
    fn calling_off_needs_to_know_nothing() {
        let (id, nothing) = (facts().order().unwrap().id, Facts::default());
        let expected = Some(Command::CallOff { order_id: id });
        assert_eq!(Reaction::CallOff.command(id, &nothing).unwrap(), expected);
    }
}
