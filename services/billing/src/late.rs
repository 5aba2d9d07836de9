//! Answers that come later than the command. They leave through the outbox, in the transaction that knows them, for the
//! one who gives the commands: ordering.

use chassis::{context::Context, ids::Random};
use contracts::{
    OrderId,
    billing::Reply,
    topics::{self, kinds},
};
use database::Transaction;
use messaging::{Data, Envelope, derived_id, outbox};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who answers, as the messages say it.
pub const SOURCE: &str = "billing";

/// What a command came by. A late answer is a reaction to it, and goes on in its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The id of the message that brought it, if one did.
    pub id: Option<Uuid>,
    /// The W3C trace context of whoever sent it.
    pub traceparent: Option<String>,
}

impl Cause {
    /// As a task keeps it.
    #[must_use]
    pub fn to_payload(&self) -> String {
        // A struct of texts always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a task has kept. One that cannot be read costs a trace, no answer.
    #[must_use]
    pub fn from_payload(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or_default()
    }

    /// The context of what is done because of it, in its trace.
    #[must_use]
    pub fn context(&self, random: &Random) -> Context {
        let own = Context::background("billing", random);
        let trace = self.traceparent.as_deref().and_then(|trace| trace.parse().ok());
        Context { trace: trace.unwrap_or(own.trace), ..own }
    }
}

/// Why an answer could not be put into the outbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has no JSON form.
    #[error("writing a reply as JSON")]
    Unserialisable(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

/// Sends an answer once the transaction is committed, at least once. An order gets each of the two answers at most
/// once, hence their ids are the same however often they are sent.
///
/// # Errors
/// If the store fails.
pub async fn answer(
    tx: &mut Transaction,
    outbox: &outbox::Handle,
    order_id: OrderId,
    reply: &Reply,
    cause: &Cause,
) -> Result<(), Error> {
    let number = match reply {
        Reply::InvoiceUnpaid => 0,
        Reply::InvoicePaid => 1,
    };
    let id = derived_id("billing/late", order_id.uuid(), number);
    let subject = order_id.to_string();
    let envelope = Envelope {
        traceparent: cause.traceparent.clone(),
        correlation_id: Some(order_id.uuid()),
        causation_id: cause.id,
        ..Envelope::new(id, SOURCE, kinds::BILLING_REPLY, &subject, tx.now(), Data::of(reply)?)
    };
    outbox.enqueue(tx, topics::ORDERING_REPLIES, &envelope).await?;
    Ok(())
}
