//! `messaging`: a participant is sent a command over the broker, and answers by a message.

use std::time::Duration;

use ::messaging::{Data, Envelope, derived_id, outbox};
use chassis::problem::chain;
use contracts::{
    OrderId,
    topics::{self, kinds},
};
use database::{Database, Transaction};
use journal::{Cause, Entry};
use saga::tasks::{self, Failure};

use super::{
    SOURCE,
    call::{Asked, Participants, Question},
};
use crate::process::{Addressed, Participant};

/// A participant is sent a message with the decision to ask it. If it does not answer in time, it is sent another.
#[derive(Clone, Debug)]
pub struct ByMessage {
    /// Where messages wait to be sent.
    pub outbox: outbox::Handle,
    /// Ordering's database.
    pub database: Database,
    /// How long to wait for an answer before asking again.
    pub patience: Duration,
}

impl Participants for ByMessage {
    async fn decided(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        request: &str,
    ) -> Result<Duration, database::Error> {
        if let Some(addressed) = Addressed::read(request) {
            self.send(tx, order, &addressed, 0).await?;
        }
        Ok(self.patience)
    }

    async fn ask(&self, question: &Question<'_>, _: &mut Vec<Entry>) -> Asked {
        let (by, addressed, cause) = (self.clone(), question.addressed.clone(), question.cause.clone());
        let (order, attempt) = (question.order, question.attempt + 1);
        let sent = self.database.write(async move |tx| {
            // Without a subject the journal keeps nothing, and the message has its cause all the same.
            let told = cause.clone();
            let told = if tasks::is_noted(attempt) { told } else { Cause { subject: None, ..told } };
            journal::because(tx, &told);
            by.send(tx, order, &addressed, attempt).await
        });
        match sent.await {
            Ok(()) => Asked::Failed("no answer in time, asked again".into()),
            Err(error) => Asked::Failed(Failure::internal(chain(&error))),
        }
    }
}

impl ByMessage {
    /// Each attempt is a message of its own, since a participant handles a message once, and is to answer again.
    async fn send(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        addressed: &Addressed,
        attempt: u32,
    ) -> Result<(), database::Error> {
        let (topic, kind) = match addressed.request.participant() {
            Participant::Customers => (topics::CUSTOMERS_COMMANDS, kinds::CUSTOMERS_COMMAND),
            Participant::Warehouse => (topics::WAREHOUSE_COMMANDS, kinds::WAREHOUSE_COMMAND),
            Participant::Shipping => (topics::SHIPPING_COMMANDS, kinds::SHIPPING_COMMAND),
            Participant::Billing => (topics::BILLING_COMMANDS, kinds::BILLING_COMMAND),
        };
        // A command is made of texts and numbers: it always has a JSON form.
        let Ok(data) = Data::of(&addressed.request.command()) else { return Ok(()) };
        let id = derived_id(&format!("{SOURCE}/{}", addressed.name), order.uuid(), attempt);
        let message = Envelope::new(id, SOURCE, kind, &order.to_string(), tx.now(), data);
        let mut message = message.caused_by(Some(&addressed.cause));
        // To whoever reads it, it is a reaction to what came to ordering; the decision to ask is known here only.
        message.causation_id = journal::cause(tx).and_then(|cause| cause.id);
        self.outbox.enqueue(tx, topic, &message).await
    }
}
