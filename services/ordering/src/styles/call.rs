//! Doing the saga's tasks: whatever the style, a participant is asked until it has answered.

use std::{sync::Arc, time::Duration};

use contracts::OrderId;
use database::Database;
use saga::{
    Runner,
    tasks::{Perform, Task, Verdict},
};

use crate::{
    application::Application,
    process::{Addressed, PlaceOrder, Reply},
};

/// What became of asking a participant.
#[derive(Debug)]
pub enum Asked {
    /// It answered at once.
    Replied(Reply),
    /// It has taken the request and answers later; ask again after this long if it did not.
    Later(Duration),
    /// It could not be reached, or could not do it.
    Failed(String),
}

/// Asks a participant once.
pub trait Participants: Send + Sync + 'static {
    /// Asks it what is addressed to it, on behalf of an order, for the `attempt`th time after the first.
    fn ask(&self, order: OrderId, addressed: &Addressed, attempt: u32) -> impl Future<Output = Asked> + Send;
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
    async fn perform(&self, task: &Task) -> Verdict {
        let Ok(addressed) = serde_json::from_str::<Addressed>(&task.payload) else {
            return Verdict::Failed("another release wrote the request".to_owned());
        };
        let order = OrderId::new(task.subject);
        match self.participants.ask(order, &addressed, task.attempt).await {
            Asked::Replied(reply) => self.receive(order, reply).await,
            Asked::Later(pause) => Verdict::Again(pause),
            Asked::Failed(why) => self.note(task, why).await,
        }
    }
}

impl<P> Caller<P> {
    async fn receive(&self, order: OrderId, reply: Reply) -> Verdict {
        let application = self.application.clone();
        match self.database.write(async move |tx| application.receive(tx, order, &reply).await).await {
            Ok(()) => Verdict::Settled,
            Err(error) => Verdict::Failed(chassis::problem::chain(&error)),
        }
    }

    /// The saga's log tells of the attempts that failed, too.
    async fn note(&self, task: &Task, why: String) -> Verdict {
        if !is_noted(task.attempt.saturating_add(1)) {
            return Verdict::Failed(why);
        }
        let (subject, step, reason) = (task.subject, task.name.clone(), why.clone());
        let noted = self
            .database
            .write(async move |tx| Runner::<PlaceOrder>::note_retry(tx, subject, &step, &reason).await);
        if let Err(error) = noted.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot note a retry in a saga's log");
        }
        Verdict::Failed(why)
    }
}

/// Whether this failure of a task is written down: the first ten are, and then those whose number is a power of two, so that a
/// participant that is away for days does not fill the log.
const fn is_noted(failure: u32) -> bool {
    failure <= 10 || failure.is_power_of_two()
}
