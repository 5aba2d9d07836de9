//! What billing does on what happens elsewhere, where nobody is in charge.

use choreography::{Facts, Needs, Policy, on};
use contracts::{
    OrderId,
    billing::{BillTo, Command},
    happenings::DISPATCHED,
};
use messaging::HandlerError;

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[on(DISPATCHED, Reaction::IssueInvoice)];

/// What billing may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Write its invoice, mail it, and collect the money.
    IssueInvoice,
}

impl choreography::Reaction for Reaction {
    type Command = Command;

    fn needs(self) -> Needs {
        match self {
            Self::IssueInvoice => Needs::OrderAndCustomer,
        }
    }

    /// What is asked of billing; nothing for an order that costs nothing, of which there is none.
    fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        let (order, contact) = (facts.order()?, facts.contact()?);
        let Some(amount) = order.total else { return Ok(None) };
        let (customer_id, reference) = (order.customer_id, order.reference.clone());
        let bill_to = BillTo { name: contact.name, email: contact.email };
        Ok(Some(Command::IssueInvoice { order_id, customer_id, reference, amount, bill_to }))
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
    fn an_invoice_is_written_to_who_ordered_over_what_the_order_costs() {
        let facts = facts();
        let (order, contact) = (facts.order().unwrap(), facts.contact().unwrap());
        let expected = Command::IssueInvoice {
            order_id: order.id,
            customer_id: order.customer_id,
            reference: order.reference.clone(),
            amount: order.total.unwrap(),
            bill_to: BillTo { name: contact.name, email: contact.email },
        };
        assert_eq!(Reaction::IssueInvoice.command(order.id, &facts).unwrap(), Some(expected));
    }

    #[test]
    fn an_invoice_waits_until_it_is_known_over_what_and_to_whom() {
        let id = facts().order().unwrap().id;
        for missing in [Facts { order: None, ..facts() }, Facts { customer: None, ..facts() }] {
            let command = Reaction::IssueInvoice.command(id, &missing);
            assert!(matches!(command, Err(HandlerError::Unavailable(_))), "{command:?}");
        }
    }
}
