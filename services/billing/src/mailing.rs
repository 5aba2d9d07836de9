//! The work of having invoices mailed, which neither the charge nor the outcome waits for.

use chassis::{ids::Random, problem::chain};
use contracts::OrderId;
use database::Database;
use saga::tasks::{Perform, Task, Verdict};

use crate::{
    application::{self, Application},
    late::Cause,
    outside::{self, Mail},
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

impl Perform for Mailing {
    async fn perform(&self, task: &Task) -> Verdict {
        match self.mail(task.subject.into(), Cause::from_payload(&task.payload)).await {
            Ok(()) => Verdict::Settled,
            Err(error) => Verdict::Failed(chain(&error)),
        }
    }
}

impl Mailing {
    async fn mail(&self, order_id: OrderId, cause: Cause) -> Result<(), Error> {
        let application = self.application.clone();
        let bill = self.database.read(async move |tx| application.unmailed(tx, order_id).await).await?;
        if let Some(bill) = bill {
            self.mail.send(order_id, bill, cause.context(&self.random)).await?;
        }
        let application = self.application.clone();
        Ok(self.database.write(async move |tx| application.record_mail(tx, order_id).await).await?)
    }
}
