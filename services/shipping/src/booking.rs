//! The work of having shipments booked: outside of any transaction, between two of them.

use std::sync::Arc;

use chassis::{cause, ids::Random, problem::chain, trace::about};
use contracts::{OrderId, shipping::Reply};
use database::Database;
use journal::{Cause, Entry, because, note};
use messaging::answers::{self, Late};
use saga::tasks::{Failure, Perform, Task, Verdict, within_span};

use crate::{
    application::{self, Application, BOOK},
    carrier::{self, Carrier},
    styles::SOURCE,
};

/// Does the tasks [`BOOK`](crate::application::BOOK).
#[derive(Debug)]
pub struct Booking {
    /// Where shipments are kept.
    pub database: Database,
    /// What may become of them.
    pub application: Application,
    /// Whom to ask.
    pub carrier: Carrier,
    /// How what is known late is said.
    pub late: Arc<dyn Late<Reply>>,
    /// For traces of commands that came without one.
    pub random: Random,
}

/// Why a shipment is not booked yet.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Application(#[from] application::Error),
    #[error(transparent)]
    Carrier(#[from] carrier::Unknown),
    #[error(transparent)]
    Answer(#[from] answers::Error),
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Carrier(unknown) => Self::new(unknown.told(), chain(&error)),
            Error::Application(_) | Error::Answer(_) | Error::Store(_) => Self::internal(chain(&error)),
        }
    }
}

impl Perform for Booking {
    async fn perform(&self, task: &Task, calls: &mut Vec<Entry>) -> Verdict {
        let cause = Cause::from_payload(&task.payload).about(task.subject).by_task(BOOK, task.attempt);
        within_span(task, cause, async |cause| {
            about("order.id", &task.subject);
            match self.book(task.subject.into(), cause, calls).await {
                Ok(()) => Verdict::Settled,
                Err(error) => Verdict::Failed(error.into()),
            }
        })
        .await
    }
}

impl Booking {
    /// First the decision to ask is made durable, then the carrier is asked, then its answer is. After a crash between
    /// any two of these the carrier is asked again, under the same key.
    async fn book(&self, order_id: OrderId, cause: Cause, calls: &mut Vec<Entry>) -> Result<(), Error> {
        let (application, why) = (self.application.clone(), cause.clone());
        let started = self.database.write(async move |tx| {
            because(tx, &why);
            application.start_booking(tx, order_id).await
        });
        let Some(request) = started.await? else { return Ok(()) };
        let context = cause::context(&cause, SOURCE, &self.random);
        let answer = self.carrier.book(order_id, request, context, calls).await?;
        let (application, late, calls) = (self.application.clone(), self.late.clone(), calls.clone());
        let recorded = self.database.write(async move |tx| {
            because(tx, &cause);
            calls.iter().for_each(|call| note(tx, call.clone()));
            let replies = application.record(tx, order_id, &answer).await?;
            // An order is answered late only once, hence a number is always the same answer.
            for (number, reply) in (0..).zip(&replies) {
                late.say(tx, order_id.uuid(), number, reply, &cause).await?;
            }
            Ok::<_, Error>(())
        });
        recorded.await
    }
}
