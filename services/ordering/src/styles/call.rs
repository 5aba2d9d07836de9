//! Asking participants for the saga: whatever the style, a participant is asked until it has answered.

use std::{sync::Arc, time::Duration};

use chassis::trace::about;
use contracts::OrderId;
use database::{Database, Transaction};
use journal::{Cause, Entry, because, note};
use saga::{
    Ask, Asking, Move,
    tasks::{Failure, Perform, Task, Verdict, within_span},
};
use uuid::Uuid;

use crate::{
    application::Application,
    process::{Addressed, PlaceOrder, Reply, Step},
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

/// How participants are asked, in one style.
pub trait Participants: Send + Sync + 'static {
    /// Writes down what has to be written with the decision to send a `request`, an [`Addressed`], and tells after how long
    /// the task that [asks](Self::ask) is due.
    ///
    /// # Errors
    /// If the store fails.
    fn decided(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        request: &str,
    ) -> impl Future<Output = Result<Duration, database::Error>>;

    /// Asks a participant once; a call that it makes for that is added to `calls`.
    fn ask(&self, question: &Question<'_>, calls: &mut Vec<Entry>) -> impl Future<Output = Asked> + Send;
}

/// Has the saga decide to ask in this way.
#[derive(Clone, Debug)]
pub struct Deciding<P>(pub P);

impl<P: Participants> Ask<PlaceOrder> for Deciding<P> {
    fn ask<'a>(
        &'a self,
        tx: &'a mut Transaction,
        saga: Uuid,
        _this: Move<Step>,
        request: &'a str,
    ) -> Asking<'a> {
        Box::pin(self.0.decided(tx, OrderId::new(saga), request))
    }
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
        let Some(addressed) = Addressed::read(&task.payload) else {
            return Verdict::Failed("another release wrote the request".into());
        };
        let (order, attempt) = (OrderId::new(task.subject), task.attempt);
        let cause = addressed.cause.clone().by_task(task.name.clone(), attempt);
        within_span(task, cause, async |cause| {
            about("order.id", &order);
            let question = Question { order, addressed: &addressed, attempt, cause: &cause };
            let asked = self.participants.ask(&question, calls).await;
            // By this id the participant tells its part of the call.
            calls.iter_mut().for_each(|call| call.link = cause.id);
            match asked {
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
