//! Doing the saga's tasks: whatever the style, a participant is asked until it has answered.

use std::{sync::Arc, time::Duration};

use chassis::trace::about;
use contracts::OrderId;
use database::Database;
use journal::{Cause, Entry, because, note};
use saga::tasks::{Failure, Perform, Task, Verdict, within_span};

use crate::{
    application::Application,
    process::{Addressed, Reply},
};

/// What became of asking a participant.
#[derive(Debug)]
pub enum Asked {
    /// It answered at once.
    Replied(Reply),
    /// It has taken the request and answers later; ask again after this long if it did not.
    Later(Duration),
    /// It could not be reached, or could not do it.
    Failed(Failure),
}

/// What a participant is asked, once.
#[derive(Debug)]
pub struct Question<'a> {
    /// On behalf of which order.
    pub order: OrderId,
    /// What.
    pub addressed: &'a Addressed,
    /// How often it was asked before without an answer.
    pub attempt: u32,
    /// Why: the task that asks.
    pub cause: &'a Cause,
}

/// Asks a participant once.
pub trait Participants: Send + Sync + 'static {
    /// Asks it; a call that it makes for that is added to `calls`.
    fn ask(&self, question: &Question<'_>, calls: &mut Vec<Entry>) -> impl Future<Output = Asked> + Send;
}

/// Does the saga's tasks.
pub struct Caller<P> {
    /// What takes the answers in.
    pub application: Arc<Application>,
    /// Ordering's database.
    pub database: Database,
    /// How a participant is asked.
    pub participants: P,
}

impl<P: Participants> Perform for Caller<P> {
    async fn perform(&self, task: &Task, calls: &mut Vec<Entry>) -> Verdict {
        let Ok(addressed) = serde_json::from_str::<Addressed>(&task.payload) else {
            return Verdict::Failed("another release wrote the request".into());
        };
        let (order, attempt) = (OrderId::new(task.subject), task.attempt);
        let cause = addressed.cause.clone().by_task(task.name.clone(), attempt);
        within_span(task, cause, async |cause| {
            about("order.id", &order);
            let question = Question { order, addressed: &addressed, attempt, cause: &cause };
            match self.participants.ask(&question, calls).await {
                Asked::Replied(reply) => self.receive(order, reply, cause, calls.clone()).await,
                Asked::Later(pause) => Verdict::Again(pause),
                Asked::Failed(failure) => Verdict::Failed(failure),
            }
        })
        .await
    }
}

impl<P> Caller<P> {
    async fn receive(&self, order: OrderId, reply: Reply, cause: Cause, calls: Vec<Entry>) -> Verdict {
        let application = self.application.clone();
        let received = self.database.write(async move |tx| {
            because(tx, &cause);
            calls.iter().for_each(|call| note(tx, call.clone()));
            application.receive(tx, order, &reply).await
        });
        match received.await {
            Ok(()) => Verdict::Settled,
            Err(error) => Verdict::Failed(Failure::internal(chassis::problem::chain(&error))),
        }
    }
}
