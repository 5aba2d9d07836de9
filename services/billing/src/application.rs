//! What billing does, each in the caller's transaction.

use std::time::Duration;

use aggregate::{AnyRepository, Failure, Repository, Versioned};
use chassis::changes::Changes;
use contracts::{
    OrderId, Timestamp, billing,
    billing::{Decline, Reply},
};
use database::Transaction;
use journal::Cause;
use saga::tasks::{self, Backoff, Task, Wake};

use crate::{
    domain::{Bill, Command, Invoice, PaymentResult, Refusal, Stage},
    view,
};

/// The task of having an attempt to collect decided, one per order.
pub const CHARGE: &str = "charge";

/// The task of having an invoice mailed, one per order.
pub const MAIL: &str = "mail";

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is against the rules.
    #[error(transparent)]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Failure<Refusal, database::Error>> for Error {
    fn from(failure: Failure<Refusal, database::Error>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::Store(error),
        }
    }
}

/// What the payment provider answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has the money.
    Accepted,
    /// It refused this attempt.
    Declined(Decline),
}

/// An attempt to collect, whose result is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// What is to be collected.
    pub bill: Bill,
}

/// Where invoices are kept, whatever keeps them.
pub type Invoices = AnyRepository<Invoice, Transaction, database::Error>;

/// What is told of what happens.
#[derive(Clone, Debug, Default)]
pub struct Wakes {
    /// The worker that does the tasks [`CHARGE`].
    pub charge: Wake,
    /// The worker that does the tasks [`MAIL`].
    pub mail: Wake,
    /// Clients that wait for the result of an attempt.
    pub changes: Changes,
}

/// What invoices are asked, wherever they are kept.
#[derive(Clone, Debug)]
pub struct Application {
    invoices: Invoices,
    wakes: Wakes,
    between_attempts: Backoff,
}

impl Application {
    /// `between_attempts` is how long to wait after a soft decline before the next attempt.
    pub const fn new(invoices: Invoices, wakes: Wakes, between_attempts: Backoff) -> Self {
        Self { invoices, wakes, between_attempts }
    }

    /// Does what an order asks, and answers it; `None` means that the answer comes late. A command repeated is
    /// answered as the state is by now.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn handle(
        &self,
        tx: &mut Transaction,
        command: &billing::Command,
        cause: &Cause,
    ) -> Result<Option<Reply>, Error> {
        let billing::Command::IssueInvoice { order_id, customer_id, reference, amount, bill_to } = command;
        let (reference, bill_to, at) = (reference.clone(), bill_to.clone(), Timestamp::from_micros(tx.now()));
        let bill = Bill { customer_id: *customer_id, reference, amount: *amount, bill_to, at };
        let invoice = self.execute(tx, *order_id, &Command::Issue(bill)).await?;
        // At its first version nothing was tried yet, and the tasks can be written again as they are.
        if invoice.version == 1 {
            self.schedule_charge(tx, *order_id, Duration::ZERO, cause).await?;
            let mail = Task::new(MAIL, order_id.uuid(), MAIL, cause.to_payload());
            tasks::schedule(tx, &mail, Duration::ZERO, &self.wakes.mail).await?;
        }
        Ok(invoice.state.outcome())
    }

    /// Makes one attempt at an invoice that was left unpaid, or joins the one under way. The invoice is as it is with
    /// that attempt, whose number is that of its attempts.
    ///
    /// # Errors
    /// If there is no invoice, nothing is due, billing still collects by itself, or the store fails.
    pub async fn pay(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        cause: &Cause,
    ) -> Result<billing::Invoice, Error> {
        let before = self.load(tx, order_id).await?;
        let invoice = self.execute(tx, order_id, &Command::Pay).await?;
        if invoice.version > before.version {
            self.schedule_charge(tx, order_id, Duration::ZERO, cause).await?;
        }
        view::of(order_id, &invoice).ok_or(Error::Refused(Refusal::NotIssued))
    }

    /// The attempt to ask the payment provider about, now or again; `None` if there is nothing to collect by now.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start_attempt(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
    ) -> Result<Option<Attempt>, Error> {
        let invoice = self.execute(tx, order_id, &Command::StartAttempt).await?.state;
        let attempt = invoice.pending_attempt().zip(invoice.bill);
        if attempt.is_none() {
            tasks::cancel(tx, CHARGE, order_id.uuid(), CHARGE).await?;
        }
        Ok(attempt.map(|(number, bill)| Attempt { number, bill }))
    }

    /// Takes in what the payment provider answered to an attempt, and returns what ordering is to be told of it:
    /// nothing, if the outcome is not another than before.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn record(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        attempt: u32,
        answer: Answer,
        cause: &Cause,
    ) -> Result<Option<Reply>, Error> {
        let result = match answer {
            Answer::Accepted => PaymentResult::Accepted { at: Timestamp::from_micros(tx.now()) },
            Answer::Declined(decline) => PaymentResult::Declined(decline),
        };
        let before = self.load(tx, order_id).await?;
        let invoice = self.execute(tx, order_id, &Command::RecordResult { attempt, result }).await?;
        if invoice.version == before.version {
            return Ok(None); // it was known already, and the task may be that of the next attempt by now
        }
        if invoice.state.stage == Stage::Issued {
            let pause = self.between_attempts.delay(order_id.uuid(), attempt.saturating_sub(1));
            self.schedule_charge(tx, order_id, pause, cause).await?;
        } else {
            tasks::cancel(tx, CHARGE, order_id.uuid(), CHARGE).await?;
        }
        let changes = self.wakes.changes.clone();
        tx.after_commit(move || changes.notify(order_id.uuid()));
        let outcome = invoice.state.outcome();
        Ok(outcome.filter(|outcome| before.state.outcome().as_ref() != Some(outcome)))
    }

    /// What is to be mailed; `None` if it was already.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn unmailed(&self, tx: &mut Transaction, order_id: OrderId) -> Result<Option<Bill>, Error> {
        let invoice = self.load(tx, order_id).await?.state;
        Ok(invoice.bill.filter(|_| !invoice.mailed))
    }

    /// Takes in that the mail service has the invoice.
    ///
    /// # Errors
    /// If there is no invoice, or the store fails.
    pub async fn record_mail(&self, tx: &mut Transaction, order_id: OrderId) -> Result<(), Error> {
        self.execute(tx, order_id, &Command::RecordMail).await?;
        tasks::cancel(tx, MAIL, order_id.uuid(), MAIL).await?;
        Ok(())
    }

    async fn schedule_charge(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        delay: Duration,
        cause: &Cause,
    ) -> Result<(), database::Error> {
        let task = Task::new(CHARGE, order_id.uuid(), CHARGE, cause.to_payload());
        tasks::schedule(tx, &task, delay, &self.wakes.charge).await
    }

    async fn load(&self, tx: &mut Transaction, order_id: OrderId) -> Result<Versioned<Invoice>, Error> {
        Ok(self.invoices.load(tx, &[order_id], &()).await?.pop().unwrap_or_default())
    }

    async fn execute(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        command: &Command,
    ) -> Result<Versioned<Invoice>, Error> {
        Ok(journal::execute(&self.invoices, tx, &order_id, &(), command, command.name()).await?)
    }
}
