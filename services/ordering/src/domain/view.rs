//! How an order looks to those who ask.

use contracts::{
    Money,
    ordering::{
        Cancel,
        OrderStatus::{
            Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected, Shipped,
        },
        WaitingFor,
    },
};

use super::{Order, Payment};

impl Order {
    /// Whether there is such an order.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.customer_id.is_some()
    }

    /// What it costs; `None` while it has no lines.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        // No line is let in that would leave the order without a total.
        self.lines.total().ok().flatten()
    }

    /// How the client's wish to cancel went; `None` if there was none.
    #[must_use]
    pub const fn cancel(&self) -> Option<Cancel> {
        match self.status {
            _ if !self.cancel_wished => None,
            Cancelled => Some(Cancel::Done),
            Shipped | Completed => Some(Cancel::TooLate),
            _ => Some(Cancel::Requested), // CANCEL_PENDING: nowhere else is a wish undecided
        }
    }

    /// Whether this is how the order ends, as far as it can know: a final status, or shipped with its payment
    /// refused, which a later payment can still complete.
    #[must_use]
    pub fn is_outcome(&self) -> bool {
        let unpaid = self.status == Shipped && self.fulfilment.payment == Payment::Unpaid;
        unpaid || self.status.is_final()
    }

    /// Whether there is nothing left that a client of this order waits for: it is at an outcome, or its cancellation came too
    /// late.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_outcome() || self.cancel() == Some(Cancel::TooLate)
    }

    /// What it waits for; `None` while it is open and at an outcome.
    #[must_use]
    pub const fn waiting_for(&self) -> Option<WaitingFor> {
        match (self.status, self.fulfilment.payment) {
            (Pending, _) => Some(WaitingFor::Credit),
            (CreditConfirmed, _) => Some(WaitingFor::Stock),
            (Approved, _) => Some(WaitingFor::Carrier),
            (CancelPending, _) => Some(WaitingFor::Undo),
            (Shipped, Payment::Awaited) => Some(WaitingFor::Payment),
            (Shipped, Payment::Paid) => Some(WaitingFor::Settlement),
            (Shipped, Payment::Unpaid) | (Open | Completed | Rejected | Cancelled, _) => None,
        }
    }
}
