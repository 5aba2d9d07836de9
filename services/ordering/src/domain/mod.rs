//! What an order is, and how it lives: rules only, with no IO, clock or id generator.
//!
//! ```text
//! OPEN --place--> PENDING --credit reserved--> CREDIT_CONFIRMED --stock reserved--> APPROVED
//! APPROVED --dispatched--> SHIPPED --stock out, invoice paid, credit settled--> COMPLETED
//! OPEN --cancel--> CANCELLED
//! PENDING | CREDIT_CONFIRMED --refused--> REJECTED
//! PENDING | CREDIT_CONFIRMED | APPROVED --cancel--> CANCEL_PENDING
//! APPROVED --carrier refuses--> CANCEL_PENDING
//! CANCEL_PENDING --everything undone--> CANCELLED
//! CANCEL_PENDING --already dispatched--> SHIPPED
//! ```
//!
//! What a client asks for is decided here; what the other services report is decided in [`outcome`](Outcome), where
//! one that comes early implies the steps before it.

mod command;
mod refusal;

mod lines;
mod outcome;
mod view;

#[cfg(test)]
mod tests;

use aggregate::Aggregate;
use contracts::{
    Address, CustomerId, OrderId, Reference, Timestamp,
    ordering::{Event, OrderStatus, Reason},
};
use serde::{Deserialize, Serialize};

pub use command::{Command, Outcome};
pub use lines::Lines;
pub use outcome::{Fulfilment, Payment};
pub use refusal::Refusal;

/// An order: what was asked for, and how far it has come.
///
/// The fields are public so that a store can keep them in columns and put them together again; only
/// [`evolve`](Aggregate::evolve) changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who ordered; `None` if there is no such order.
    pub customer_id: Option<CustomerId>,
    /// What the client calls it.
    pub reference: Option<Reference>,
    /// What it is made of.
    pub lines: Lines,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was rejected, or is being cancelled by others than its client.
    pub reason: Option<Reason>,
    /// Whether a client's wish to cancel it was accepted.
    pub cancel_wished: bool,
    /// Where the goods go, if that came with the credit.
    pub ship_to: Option<Address>,
    /// What is done of the work that follows the dispatch.
    pub fulfilment: Fulfilment,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When it came to its final status.
    pub finished_at: Option<Timestamp>,
}

impl Aggregate for Order {
    const NAME: &'static str = "order";
    type Id = OrderId;
    type Scope = ();
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        use OrderStatus::{
            Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected, Shipped,
        };
        match (self.status, command) {
            (_, Command::Create { customer_id, reference, at }) => {
                self.create(*customer_id, reference.as_ref(), *at)
            }
            _ if !self.exists() => Err(Refusal::UnknownOrder),

            (Open, Command::AddLine { sku, name, unit_price, quantity }) => {
                self.lines.add(sku, name, *unit_price, *quantity)
            }
            (Open, Command::ChangeLine { sku, quantity }) => self.lines.change(sku, *quantity),
            (Open, Command::RemoveLine { sku }) => Ok(self.lines.remove(sku)),
            (Open, Command::Place { at }) => self.place(*at),
            (
                _,
                Command::AddLine { .. }
                | Command::ChangeLine { .. }
                | Command::RemoveLine { .. }
                | Command::Place { .. },
            ) => Err(Refusal::OrderLocked),

            (Open, Command::Cancel { at }) => Ok(vec![Event::Cancelled { at: *at }]),
            (Pending | CreditConfirmed | Approved, Command::Cancel { at }) => {
                Ok(vec![Event::CancelStarted { reason: None, at: *at }])
            }
            (CancelPending, Command::Cancel { .. }) if !self.cancel_wished => Ok(vec![Event::CancelWished]),
            (CancelPending | Cancelled, Command::Cancel { .. }) => Ok(vec![]), // asked twice
            (Shipped | Completed, Command::Cancel { .. }) => Err(Refusal::AlreadyDispatched),
            (Rejected, Command::Cancel { .. }) => Err(Refusal::OrderRejected),

            (_, Command::Outcome { outcome, at }) => Ok(outcome::decide(self, outcome, *at)),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { customer_id, reference, at } => {
                self.customer_id = Some(*customer_id);
                self.reference.clone_from(reference);
                self.created_at = *at;
            }
            Event::LineAdded { .. } | Event::LineChanged { .. } | Event::LineRemoved { .. } => {
                self.lines.evolve(event);
            }
            Event::Placed { at, .. } => {
                self.status = OrderStatus::Pending;
                self.placed_at = Some(*at);
            }
            Event::CreditConfirmed { ship_to, .. } => {
                self.status = OrderStatus::CreditConfirmed;
                self.ship_to.clone_from(ship_to);
            }
            Event::Approved { .. } => self.status = OrderStatus::Approved,
            Event::CancelStarted { reason, .. } => {
                self.status = OrderStatus::CancelPending;
                self.reason = *reason;
                self.cancel_wished = reason.is_none();
            }
            Event::CancelWished => self.cancel_wished = true,
            Event::Shipped { .. } => {
                self.status = OrderStatus::Shipped;
                self.reason = None;
            }
            Event::StockTakenOut
            | Event::InvoicePaid
            | Event::InvoiceUnpaid { .. }
            | Event::CreditSettled => {
                self.fulfilment.evolve(event);
            }
            Event::Completed { at } => self.finish(OrderStatus::Completed, *at),
            Event::Rejected { reason, at } => {
                self.reason = Some(*reason);
                self.finish(OrderStatus::Rejected, *at);
            }
            Event::Cancelled { at } => {
                // Only its client cancels an open order, and then there was no `CancelStarted` to say so.
                self.cancel_wished |= self.status == OrderStatus::Open;
                self.finish(OrderStatus::Cancelled, *at);
            }
        }
    }
}

impl Order {
    /// Whether lines can be added still, before it is known which.
    ///
    /// # Errors
    /// Why every line would be refused.
    pub fn check_open(&self) -> Result<(), Refusal> {
        match self.status {
            _ if !self.exists() => Err(Refusal::UnknownOrder),
            OrderStatus::Open => Ok(()),
            _ => Err(Refusal::OrderLocked),
        }
    }

    fn create(
        &self,
        customer_id: CustomerId,
        reference: Option<&Reference>,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        match self.customer_id {
            None => Ok(vec![Event::Created { customer_id, reference: reference.cloned(), at }]),
            Some(owner) if owner == customer_id && self.reference.as_ref() == reference => Ok(vec![]),
            Some(_) => Err(Refusal::AlreadyExists),
        }
    }

    fn place(&self, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let total = self.lines.total()?.ok_or(Refusal::EmptyOrder)?;
        Ok(vec![Event::Placed { total, at }])
    }

    const fn finish(&mut self, status: OrderStatus, at: Timestamp) {
        self.status = status;
        self.finished_at = Some(at);
    }
}
