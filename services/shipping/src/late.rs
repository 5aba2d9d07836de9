//! Answers that come later than the command. They leave through the outbox, in the transaction that knows them, for the
//! one who gives the commands: ordering.

use contracts::{
    OrderId,
    shipping::Reply,
    topics::{self, kinds},
};
use database::Transaction;
use journal::Cause;
use messaging::{Data, Envelope, derived_id, outbox};

/// Who answers, as the messages say it.
pub const SOURCE: &str = "shipping";

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
        let envelope = Envelope::new(id, SOURCE, kinds::SHIPPING_REPLY, &subject, tx.now(), Data::of(reply)?)
            .caused_by(Some(cause));
        outbox.enqueue(tx, topics::ORDERING_REPLIES, &envelope).await?;
    }
    Ok(())
}
