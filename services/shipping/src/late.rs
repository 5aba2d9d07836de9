//! Answers that come later than the command. They leave through the outbox, in the transaction that knows them, for the
//! one who gives the commands: ordering.

use chassis::{context::Context, ids::Random};
use contracts::{
    OrderId,
    shipping::Reply,
    topics::{self, kinds},
};
use database::Transaction;
use messaging::{Data, Envelope, derived_id, outbox};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who answers, as the messages say it.
pub const SOURCE: &str = "shipping";

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
        let own = Context::background("shipping", random);
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

/// Sends the answers once the transaction is committed, at least once and in this order. An order is answered late only
/// once, hence its id and an answer's number make an id that is the same however often it is sent.
///
/// # Errors
/// If the store fails.
pub async fn answer(
    tx: &mut Transaction,
    outbox: &outbox::Handle,
    order_id: OrderId,
    replies: &[Reply],
    cause: &Cause,
) -> Result<(), Error> {
    for (number, reply) in (0..).zip(replies) {
        let id = derived_id("shipping/late", order_id.uuid(), number);
        let subject = order_id.to_string();
        let envelope = Envelope {
            traceparent: cause.traceparent.clone(),
            correlation_id: Some(order_id.uuid()),
            causation_id: cause.id,
            ..Envelope::new(id, SOURCE, kinds::SHIPPING_REPLY, &subject, tx.now(), Data::of(reply)?)
        };
        outbox.enqueue(tx, topics::ORDERING_REPLIES, &envelope).await?;
    }
    Ok(())
}
