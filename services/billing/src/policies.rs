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

impl Reaction {
    /// What has to be known for it.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::IssueInvoice => Needs::OrderAndCustomer,
        }
    }

    /// What is asked of billing; nothing for an order that costs nothing, of which there is none.
    ///
    /// # Errors
    /// Something that it needs is not known yet.
    pub fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        let (order, contact) = (facts.order()?, facts.contact()?);
        let Some(amount) = order.total else { return Ok(None) };
        let (customer_id, reference) = (order.customer_id, order.reference.clone());
        let bill_to = BillTo { name: contact.name, email: contact.email };
        Ok(Some(Command::IssueInvoice { order_id, customer_id, reference, amount, bill_to }))
    }
}
