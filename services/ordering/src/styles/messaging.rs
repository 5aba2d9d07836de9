//! `messaging`: a participant is sent a command over the broker, and answers by a message.

use std::time::Duration;

use ::messaging::{Data, Envelope, derived_id, outbox};
use chassis::{ids::Ids, problem::chain};
use contracts::{
    OrderId,
    topics::{self, kinds},
};
use database::{Database, Transaction};
use journal::{Cause, Entry};
use saga::tasks::{self, Failure};
use uuid::Uuid;

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
    /// Ids of what is sent again.
    pub ids: Ids,
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
            let id = derived_id(&format!("{SOURCE}/{}", addressed.name), order.uuid(), 0);
            self.send(tx, order, &addressed, id).await?;
        }
        Ok(self.patience)
    }

    async fn ask(&self, question: &Question<'_>, _: &mut Vec<Entry>) -> Asked {
        let (by, addressed, cause) = (self.clone(), question.addressed.clone(), question.cause.clone());
        // Not one that follows from the attempt: if ordering ends between this commit and the one that notes the attempt, it is
        // made once more, and the outbox has counted two messages, of which the participant must handle two.
        let (order, attempt, id) = (question.order, question.attempt + 1, self.ids.next());
        let sent = self.database.write(async move |tx| {
            // Without a subject the journal keeps nothing, and the message has its cause all the same.
            let told = cause.clone();
            let told = if tasks::is_noted(attempt) { told } else { Cause { subject: None, ..told } };
            journal::because(tx, &told);
            by.send(tx, order, &addressed, id).await
        });
        match sent.await {
            Ok(()) => Asked::Failed("no answer in time, asked again".into()),
            Err(error) => Asked::Failed(Failure::internal(chain(&error))),
        }
    }
}

impl ByMessage {
    /// Whatever is sent is a message of its own, since a participant handles a message once, and is to answer again.
    async fn send(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        addressed: &Addressed,
        id: Uuid,
    ) -> Result<(), database::Error> {
        let (topic, kind) = match addressed.request.participant() {
            Participant::Customers => (topics::CUSTOMERS_COMMANDS, kinds::CUSTOMERS_COMMAND),
            Participant::Warehouse => (topics::WAREHOUSE_COMMANDS, kinds::WAREHOUSE_COMMAND),
            Participant::Shipping => (topics::SHIPPING_COMMANDS, kinds::SHIPPING_COMMAND),
            Participant::Billing => (topics::BILLING_COMMANDS, kinds::BILLING_COMMAND),
        };
        // A command is made of texts and numbers: it always has a JSON form.
        let Ok(data) = Data::of(&addressed.request.command()) else { return Ok(()) };
        let message = Envelope::new(id, SOURCE, kind, &order.to_string(), tx.now(), data);
        let mut message = message.caused_by(Some(&addressed.cause));
        // To whoever reads it, it is a reaction to what came to ordering; the decision to ask is known here only.
        message.causation_id = journal::cause(tx).and_then(|cause| cause.id);
        self.outbox.enqueue(tx, topic, &message).await
    }
}

#[cfg(test)]
mod tests {
    use ::messaging::audit::{self, OutboxAudit};
    use contracts::customers;
    use database::{Error, Options, params};

    use super::*;
    use crate::{SCHEMAS, process::Request};

    database::statements! {
        /// What waits to be sent.
        const IDS: "SELECT id FROM outbox";
    }

    #[tokio::test]
    async fn an_attempt_that_is_made_again_after_a_crash_sends_another_message() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ordering.db");
        let database = Database::open(&file, SCHEMAS, Options::default()).unwrap();
        let (ids, patience) = (Ids::seeded(1), Duration::from_secs(1));
        let asking =
            ByMessage { outbox: outbox::Handle::default(), database: database.clone(), ids, patience };
        let order = OrderId::from(Uuid::from_u128(1));
        let customer_id = Uuid::from_u128(2).into();
        let settle = customers::Command::SettleCredit { customer_id, order_id: order };
        let (request, cause) = (Request::Customers(settle), Cause::default());
        let addressed = Addressed { name: "settle_credit".to_owned(), request, cause: cause.clone() };
        let question = Question { order, addressed: &addressed, attempt: 0, cause: &cause };
        for _ in 0..2 {
            asking.ask(&question, &mut Vec::new()).await;
        }
        let sent: Vec<Uuid> = database
            .read::<_, Error, _>(async |tx| tx.query(IDS, params![], |row| row.get(0)).await)
            .await
            .unwrap();
        assert_eq!(sent.len(), 2);
        assert_ne!(sent[0], sent[1]);
        let counted: OutboxAudit = database.read(async |tx| audit::of_outbox(tx).await).await.unwrap();
        assert_eq!(counted.partitions.iter().map(|row| row.enqueued.count).sum::<u64>(), 2);
    }
}
