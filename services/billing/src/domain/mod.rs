//! What an invoice is, and what may happen to it.
//!
//! ```text
//! ISSUED ──> PAID
//!    └──> UNPAID ──> PAID
//! ```
//!
//! An attempt to collect is an event before it is a call: until its result is known it is in doubt, and nothing else is
//! tried. It is repeated under its own key, so that the provider captures at most once.

use aggregate::Aggregate;
use contracts::{
    CustomerId, Money, OrderId, Reference, Timestamp,
    billing::{BillTo, Decline, Event, InvoiceStatus, Reply},
};
use serde::{Deserialize, Serialize};

/// How often a softly declined payment is tried before it is left unpaid.
pub const AUTOMATIC_ATTEMPTS: u32 = 3;

/// What is owed for an order; found by the order's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// What it says; `None` until it is issued.
    pub bill: Option<Bill>,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the mail service took it.
    pub mailed: bool,
    /// How many attempts to collect were started; the number of the last one.
    pub attempts: u32,
    /// Whether the result of the last attempt is still unknown.
    pub in_doubt: bool,
}

/// What an invoice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// How much.
    pub amount: Money,
    /// Whom it is written to.
    pub bill_to: BillTo,
    /// When it was issued.
    pub at: Timestamp,
}

/// How far an invoice has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// There is none.
    #[default]
    Unknown,
    /// The money is being collected.
    Issued,
    /// Collecting was given up; it can be paid later.
    Unpaid,
    /// The money is there: final.
    Paid {
        /// Since when.
        at: Timestamp,
    },
}

/// What can be asked of an invoice, or told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Write it.
    Issue(Bill),
    /// The mail service took it.
    RecordMail,
    /// The next attempt to collect, which billing makes by itself.
    StartAttempt,
    /// One more attempt, which a client asks for after collecting was given up.
    Pay,
    /// The payment provider has answered.
    RecordResult {
        /// The number of the attempt.
        attempt: u32,
        /// What it answered.
        result: PaymentResult,
    },
}

impl Command {
    /// What it is called where commands are listed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Issue(_) => "issue",
            Self::RecordMail => "record_mail",
            Self::StartAttempt => "start_attempt",
            Self::Pay => "pay",
            Self::RecordResult { .. } => "record_result",
        }
    }
}

/// What the payment provider said to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentResult {
    /// It has the money.
    Accepted {
        /// Since when.
        at: Timestamp,
    },
    /// It refused.
    Declined(Decline),
}

/// What became of an attempt to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// It brought the money.
    Accepted,
    /// It was refused.
    Declined,
}

/// Why a command on an invoice is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no invoice.
    #[error("no invoice was issued")]
    NotIssued,
    /// It is paid.
    #[error("nothing is due: the invoice is paid")]
    NothingDue,
    /// Billing is still collecting by itself.
    #[error("the payment is already being collected")]
    PaymentInProgress,
}

impl Refusal {
    /// The code by which programs know the refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotIssued => "NOT_ISSUED",
            Self::NothingDue => "NOTHING_DUE",
            Self::PaymentInProgress => "PAYMENT_IN_PROGRESS",
        }
    }
}

impl Aggregate for Invoice {
    const NAME: &'static str = "invoice";
    type Id = OrderId;
    type Scope = ();
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        use Stage::{Issued, Paid, Unknown, Unpaid};
        match (command, self.stage) {
            (Command::Issue(bill), Unknown) => Ok(vec![issued(bill)]),
            (Command::Issue(_), Issued | Unpaid | Paid { .. }) => Ok(vec![]),
            (_, Unknown) => Err(Refusal::NotIssued),

            (Command::RecordMail, _) if self.mailed => Ok(vec![]),
            (Command::RecordMail, _) => Ok(vec![Event::Mailed]),

            (Command::StartAttempt, Issued) if !self.in_doubt => Ok(vec![self.next_attempt()]),
            (Command::StartAttempt, Issued | Unpaid | Paid { .. }) => Ok(vec![]),

            (Command::Pay, Issued) => Err(Refusal::PaymentInProgress),
            (Command::Pay, Unpaid) if self.in_doubt => Ok(vec![]), // it joins the attempt under way
            (Command::Pay, Unpaid) => Ok(vec![self.next_attempt()]),
            (Command::Pay, Paid { .. }) => Err(Refusal::NothingDue),

            (Command::RecordResult { attempt, result }, _) if self.pending_attempt() == Some(*attempt) => {
                Ok(self.settle(*attempt, *result))
            }
            (Command::RecordResult { .. }, _) => Ok(vec![]), // repeated, or late
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Issued { customer_id, reference, amount, bill_to, at } => {
                let (reference, bill_to) = (reference.clone(), bill_to.clone());
                self.bill =
                    Some(Bill { customer_id: *customer_id, reference, amount: *amount, bill_to, at: *at });
                self.stage = Stage::Issued;
            }
            Event::Mailed => self.mailed = true,
            Event::AttemptStarted { attempt } => (self.attempts, self.in_doubt) = (*attempt, true),
            Event::AttemptDeclined { .. } => self.in_doubt = false,
            Event::Paid { at, .. } => (self.stage, self.in_doubt) = (Stage::Paid { at: *at }, false),
            Event::LeftUnpaid => self.stage = Stage::Unpaid,
        }
    }
}

impl Invoice {
    /// What clients see of how far it has come; `None` while there is none.
    #[must_use]
    pub const fn status(&self) -> Option<InvoiceStatus> {
        match self.stage {
            Stage::Unknown => None,
            Stage::Issued => Some(InvoiceStatus::Issued),
            Stage::Unpaid => Some(InvoiceStatus::Unpaid),
            Stage::Paid { .. } => Some(InvoiceStatus::Paid),
        }
    }

    /// The attempt whose result is unknown: the provider is to be asked for it, again and again, until it answers.
    #[must_use]
    pub fn pending_attempt(&self) -> Option<u32> {
        self.in_doubt.then_some(self.attempts)
    }

    /// What became of an attempt; `None` while that is not known, and for one that was never started.
    #[must_use]
    pub const fn result_of(&self, attempt: u32) -> Option<AttemptResult> {
        if attempt == 0 || attempt > self.attempts {
            return None;
        }
        // Only the last attempt can be in doubt or have brought the money: nothing is tried before or after that.
        match self.stage {
            _ if attempt < self.attempts => Some(AttemptResult::Declined),
            _ if self.in_doubt => None,
            Stage::Paid { .. } => Some(AttemptResult::Accepted),
            Stage::Unknown | Stage::Issued | Stage::Unpaid => Some(AttemptResult::Declined),
        }
    }

    /// What billing answers to the one who had it issued; `None` while that is open. After `InvoiceUnpaid` an
    /// `InvoicePaid` may still follow.
    #[must_use]
    pub const fn outcome(&self) -> Option<Reply> {
        match self.stage {
            Stage::Unknown | Stage::Issued => None,
            Stage::Unpaid => Some(Reply::InvoiceUnpaid),
            Stage::Paid { .. } => Some(Reply::InvoicePaid),
        }
    }

    fn next_attempt(&self) -> Event {
        Event::AttemptStarted { attempt: self.attempts.saturating_add(1) }
    }

    /// What the result of the pending attempt brings about.
    fn settle(&self, attempt: u32, result: PaymentResult) -> Vec<Event> {
        let collecting = self.stage == Stage::Issued;
        match result {
            PaymentResult::Accepted { at } => vec![Event::Paid { attempt, at }],
            PaymentResult::Declined(decline)
                if collecting && (decline == Decline::Hard || attempt >= AUTOMATIC_ATTEMPTS) =>
            {
                vec![Event::AttemptDeclined { attempt, decline }, Event::LeftUnpaid]
            }
            PaymentResult::Declined(decline) => vec![Event::AttemptDeclined { attempt, decline }],
        }
    }
}

/// The key under which the provider is asked for one attempt, and asked again.
#[must_use]
pub fn payment_key(invoice: OrderId, attempt: u32) -> String {
    format!("{invoice}/{attempt}")
}

fn issued(bill: &Bill) -> Event {
    let Bill { customer_id, reference, amount, bill_to, at } = bill.clone();
    Event::Issued { customer_id, reference, amount, bill_to, at }
}

#[cfg(test)]
mod tests;
