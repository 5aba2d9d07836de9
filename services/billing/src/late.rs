//! Answers that come later than the command. They leave through the outbox, in the transaction that knows them, for the
//! one who gives the commands: ordering.

use contracts::{
    OrderId,
    billing::Reply,
    topics::{self, kinds},
};
use database::Transaction;
use journal::Cause;
use messaging::{Data, Envelope, derived_id, outbox};

/// Who answers, as the messages say it.
pub const SOURCE: &str = "billing";

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
    let envelope = Envelope::new(id, SOURCE, kinds::BILLING_REPLY, &subject, tx.now(), Data::of(reply)?)
        .caused_by(Some(cause));
    outbox.enqueue(tx, topics::ORDERING_REPLIES, &envelope).await?;
    Ok(())
}
