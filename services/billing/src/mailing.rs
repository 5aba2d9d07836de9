//! The work of having invoices mailed, which neither the charge nor the outcome waits for.

use chassis::{cause, ids::Random, problem::chain, trace::about};
use contracts::OrderId;
use database::Database;
use journal::{Cause, Entry, because, note};
use saga::tasks::{Failure, Perform, Task, Verdict, within_span};

use crate::{
    application::{self, Application, MAIL},
    outside::{self, Mail},
    styles::SOURCE,
};

/// Does the tasks [`MAIL`](crate::application::MAIL).
#[derive(Debug)]
pub struct Mailing {
    /// Where invoices are kept.
    pub database: Database,
    /// What may become of them.
    pub application: Application,
    /// Whom to ask.
    pub mail: Mail,
    /// For traces of commands that came without one.
    pub random: Random,
}

/// Why an invoice is not mailed yet.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Application(#[from] application::Error),
    #[error(transparent)]
    Mail(#[from] outside::Unknown),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Mail(unknown) => Self::new(unknown.told(), chain(&error)),
            Error::Application(_) => Self::internal(chain(&error)),
        }
    }
}

impl Perform for Mailing {
    async fn perform(&self, task: &Task, calls: &mut Vec<Entry>) -> Verdict {
        let cause = Cause::from_payload(&task.payload).about(task.subject).by_task(MAIL, task.attempt);
        within_span(task, cause, async |cause| {
            about("order.id", &task.subject);
            match self.mail(task.subject.into(), cause, calls).await {
                Ok(()) => Verdict::Settled,
                Err(error) => Verdict::Failed(error.into()),
            }
        })
        .await
    }
}

impl Mailing {
    async fn mail(&self, order_id: OrderId, cause: Cause, calls: &mut Vec<Entry>) -> Result<(), Error> {
        let application = self.application.clone();
        let bill = self.database.read(async move |tx| application.unmailed(tx, order_id).await).await?;
        if let Some(bill) = bill {
            let context = cause::context(&cause, SOURCE, &self.random);
            self.mail.send(order_id, bill, context, calls).await?;
        }
        let (application, calls) = (self.application.clone(), calls.clone());
        let recorded = self.database.write(async move |tx| {
            because(tx, &cause);
            calls.iter().for_each(|call| note(tx, call.clone()));
            application.record_mail(tx, order_id).await
        });
        Ok(recorded.await?)
    }
}
