//! The work of collecting money: outside of any transaction, between two of them.

use std::sync::Arc;

use chassis::{cause, ids::Random, problem::chain, trace::about};
use contracts::{OrderId, billing::Reply};
use database::Database;
use journal::{Cause, Entry, because, note};
use messaging::answers::{self, Late};
use saga::tasks::{Failure, Perform, Task, Verdict, within_span};

use crate::{
    application::{self, Application, CHARGE},
    outside::{self, Payment},
    styles::SOURCE,
};

/// Does the tasks [`CHARGE`](crate::application::CHARGE).
#[derive(Debug)]
pub struct Charging {
    /// Where invoices are kept.
    pub database: Database,
    /// What may become of them.
    pub application: Application,
    /// Whom to ask for the money.
    pub payment: Payment,
    /// How what is known late is said.
    pub late: Arc<dyn Late<Reply>>,
    /// For traces of commands that came without one.
    pub random: Random,
}

/// Why an attempt is not decided yet.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Application(#[from] application::Error),
    #[error(transparent)]
    Payment(#[from] outside::Unknown),
    #[error(transparent)]
    Answer(#[from] answers::Error),
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Payment(unknown) => Self::new(unknown.told(), chain(&error)),
            Error::Application(_) | Error::Answer(_) | Error::Store(_) => Self::internal(chain(&error)),
        }
    }
}

impl Perform for Charging {
    async fn perform(&self, task: &Task, calls: &mut Vec<Entry>) -> Verdict {
        let cause = Cause::from_payload(&task.payload).about(task.subject).by_task(CHARGE, task.attempt);
        within_span(task, cause, async |cause| {
            about("order.id", &task.subject);
            match self.charge(task.subject.into(), cause, calls).await {
                Ok(()) => Verdict::Settled,
                Err(error) => Verdict::Failed(error.into()),
            }
        })
        .await
    }
}

impl Charging {
    /// First the attempt is made durable, then the provider is asked, then its answer is. After a crash between any two
    /// of these the provider is asked about the same attempt again, under its key.
    async fn charge(&self, order_id: OrderId, cause: Cause, calls: &mut Vec<Entry>) -> Result<(), Error> {
        let (application, why) = (self.application.clone(), cause.clone());
        let attempt = self.database.write(async move |tx| {
            because(tx, &why);
            application.start_attempt(tx, order_id).await
        });
        let Some(attempt) = attempt.await? else { return Ok(()) };
        let number = attempt.number;
        let context = cause::context(&cause, SOURCE, &self.random);
        let answer = self.payment.charge(order_id, attempt, context, calls).await?;
        let (application, late, calls) = (self.application.clone(), self.late.clone(), calls.clone());
        let recorded = self.database.write(async move |tx| {
            because(tx, &cause);
            calls.iter().for_each(|call| note(tx, call.clone()));
            if let Some(reply) = application.record(tx, order_id, number, answer, &cause).await? {
                late.say(tx, order_id.uuid(), number_of(&reply), &reply, &cause).await?;
            }
            Ok::<_, Error>(())
        });
        recorded.await
    }
}

/// An order gets each of the two answers at most once.
const fn number_of(reply: &Reply) -> u32 {
    match reply {
        Reply::InvoiceUnpaid => 0,
        Reply::InvoicePaid => 1,
    }
}
