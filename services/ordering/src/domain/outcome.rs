//! What the reports of the other services do to an order.
//!
//! Reports come in any order, in some styles of communication more than in others. So that an order shows the same
//! statuses in all of them, a report that comes early implies the steps before it: the order takes the skipped steps
//! one by one, then the reported one. A report of what the order is already past changes nothing. Once an order is to
//! be cancelled, it ignores refusals and late confirmations, and leaves only by the end of the undoing or by dispatch.

use contracts::{
    Timestamp,
    ordering::{
        Event,
        OrderStatus::{
            self, Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected,
            Shipped,
        },
        Reason,
    },
};
use serde::{Deserialize, Serialize};

use super::{Order, Outcome};

/// What this report makes happen.
pub(super) fn decide(order: &Order, outcome: &Outcome, at: Timestamp) -> Vec<Event> {
    let skipped = |reached| steps(order.status, reached, at);
    let done = order.fulfilment;
    match (order.status, outcome) {
        // Nobody was asked for anything yet, or everything was answered.
        (Open | Completed | Rejected | Cancelled, _) => vec![],

        (Pending, Outcome::CreditReserved { ship_to }) => {
            vec![Event::CreditConfirmed { ship_to: ship_to.clone(), at }]
        }
        (Pending, Outcome::CreditRefused { reason }) => vec![Event::Rejected { reason: *reason, at }],

        (_, Outcome::StockReserved) => skipped(Approved),
        (_, Outcome::StockRefused) => skipped(CreditConfirmed),
        (
            Pending | CreditConfirmed,
            Outcome::CreditReleased { because: Some(reason @ Reason::OutOfStock) },
        ) => and_then(skipped(CreditConfirmed), Event::Rejected { reason: *reason, at }),
        // Whatever started the release: nothing else will end the undoing.
        (CancelPending, Outcome::CreditReleased { .. }) => vec![Event::Cancelled { at }],

        (_, Outcome::Dispatched) => skipped(Shipped),
        (Pending | CreditConfirmed | Approved, Outcome::CarrierRefused) => {
            let reason = Some(Reason::CarrierRefused);
            and_then(skipped(Approved), Event::CancelStarted { reason, at })
        }

        (_, Outcome::StockTakenOut) if !done.stock_taken_out => fulfil(order, Event::StockTakenOut, at),
        (_, Outcome::InvoicePaid) if done.payment != Payment::Paid => fulfil(order, Event::InvoicePaid, at),
        (_, Outcome::InvoiceUnpaid) if done.payment == Payment::Awaited => {
            fulfil(order, Event::InvoiceUnpaid { at }, at)
        }
        (_, Outcome::CreditSettled) if !done.credit_settled => fulfil(order, Event::CreditSettled, at),

        _ => vec![], // past that
    }
}

/// The steps that lead from one status to another, if it is still ahead.
fn steps(from: OrderStatus, to: OrderStatus, at: Timestamp) -> Vec<Event> {
    let credit_confirmed = Event::CreditConfirmed { ship_to: None, at };
    let approved = Event::Approved { at };
    let shipped = Event::Shipped { at };
    match (from, to) {
        (Pending, CreditConfirmed) => vec![credit_confirmed],
        (Pending, Approved) => vec![credit_confirmed, approved],
        (Pending, Shipped) => vec![credit_confirmed, approved, shipped],
        (CreditConfirmed, Approved) => vec![approved],
        (CreditConfirmed, Shipped) => vec![approved, shipped],
        (Approved | CancelPending, Shipped) => vec![shipped],
        _ => vec![],
    }
}

/// One of the three things that complete an order was done, or its payment refused; all of them imply the dispatch.
fn fulfil(order: &Order, event: Event, at: Timestamp) -> Vec<Event> {
    let mut done = order.fulfilment;
    done.evolve(&event);
    let mut events = and_then(steps(order.status, Shipped, at), event);
    if done.is_complete() {
        events.push(Event::Completed { at });
    }
    events
}

fn and_then(mut events: Vec<Event>, last: Event) -> Vec<Event> {
    events.push(last);
    events
}

/// What is done of the work that follows the dispatch, in whatever order its parts are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// The stock has left the house.
    pub stock_taken_out: bool,
    /// How collecting the money went.
    pub payment: Payment,
    /// The credit is free for the next order.
    pub credit_settled: bool,
}

/// How collecting an order's money went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Nothing was reported yet.
    #[default]
    Awaited,
    /// The payment was refused; it can be made later.
    Unpaid,
    /// The money is there.
    Paid,
}

impl Fulfilment {
    /// Whether nothing is left to do.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        self.stock_taken_out && self.credit_settled && matches!(self.payment, Payment::Paid)
    }

    pub(super) const fn evolve(&mut self, event: &Event) {
        match event {
            Event::StockTakenOut => self.stock_taken_out = true,
            Event::InvoiceUnpaid { .. } => self.payment = Payment::Unpaid,
            Event::InvoicePaid => self.payment = Payment::Paid,
            Event::CreditSettled => self.credit_settled = true,
            _ => {}
        }
    }
}
