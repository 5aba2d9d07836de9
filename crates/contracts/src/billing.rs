//! The language of the billing service: what is owed for an order, and whether it was paid.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    CustomerId, Email, Money, Name, OrderId, Reference, Route, Timestamp,
    route::{self, route},
};

/// What an order asks of billing. The reply is a [`Reply`], which may come much later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Write the invoice, mail it, and collect the money.
    IssueInvoice {
        /// For which order.
        order_id: OrderId,
        /// Whose.
        customer_id: CustomerId,
        /// What the client calls the order.
        reference: Option<Reference>,
        /// How much.
        amount: Money,
        /// Whom to write it to.
        bill_to: BillTo,
    },
}

/// Whom an invoice is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillTo {
    /// The customer's name.
    pub name: Name,
    /// Where the mail goes.
    pub email: Email,
}

impl route::Command for Command {
    const ROUTES: &'static [Route] = &[ISSUE];

    fn order_id(&self) -> OrderId {
        let Self::IssueInvoice { order_id, .. } = self;
        *order_id
    }

    fn route(&self) -> Route {
        let Self::IssueInvoice { .. } = self;
        ISSUE
    }
}

const ISSUE: Route = route!(PUT "/internal/invoices/{order_id}");

/// What the billing service answers to a [`Command`]; after `InvoiceUnpaid` an `InvoicePaid` may still follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The money is there.
    InvoicePaid,
    /// The money was refused; it can be paid later.
    InvoiceUnpaid,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceStatus {
    /// The money is being collected.
    Issued,
    /// The money is there.
    Paid,
    /// The money was refused; it can be paid later.
    Unpaid,
}

/// What happened to an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was written.
    Issued {
        /// Whose it is.
        customer_id: CustomerId,
        /// What the client calls the order.
        reference: Option<Reference>,
        /// How much.
        amount: Money,
        /// Whom it is written to.
        bill_to: BillTo,
        /// When.
        at: Timestamp,
    },
    /// The mail service took it.
    Mailed,
    /// The payment provider is about to be asked; until its answer is known nothing else is tried.
    AttemptStarted {
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// The provider refused this attempt.
    AttemptDeclined {
        /// The number of the attempt.
        attempt: u32,
        /// Whether it makes sense to try again.
        decline: Decline,
    },
    /// The provider has the money.
    Paid {
        /// The number of the attempt that succeeded.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// Collecting was given up; it can be paid later.
    LeftUnpaid,
}

/// How a payment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    /// Never try again by yourself.
    Hard,
    /// Trying again may help.
    Soft,
}

/// An invoice, as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// Its id: the order's.
    pub id: OrderId,
    /// The order that it is for.
    pub order_id: OrderId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// How much.
    pub amount: Money,
    /// How often the payment provider was asked.
    pub attempts: u32,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// When it was written.
    pub issued_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// How many events made this state.
    pub version: u64,
}
