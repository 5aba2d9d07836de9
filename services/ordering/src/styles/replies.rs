//! Answers that come as messages: what they say, about which order, and who is told.

use std::sync::Arc;

use chassis::trace::about;
use contracts::{OrderId, topics::kinds};
use database::Transaction;
use messaging::{
    Envelope,
    consumer::{Handler, HandlerError},
};

use crate::{
    application::{Application, Error},
    process::Reply,
};

/// Who takes the answers in, as the inbox calls it.
pub const CONSUMER: &str = "ordering";

/// Takes the answers in.
#[derive(Clone, Debug)]
pub struct Replies {
    /// What they are told to.
    pub application: Arc<Application>,
}

impl Handler for Replies {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        let (order, reply) = reply(message).map_err(|error| match error {
            NotAReply::Kind(_) => HandlerError::Unknown,
            other => HandlerError::Hopeless(other.into()),
        })?;
        about("order.id", &order);
        self.application.receive(tx, order, &reply).await.map_err(|error| match error {
            Error::Store(error) | Error::Saga(saga::Error::Store(error)) => error.into(),
            other => HandlerError::Failed(other.into()),
        })
    }
}

/// Why a message is no reply of a participant.
#[derive(Debug, thiserror::Error)]
enum NotAReply {
    /// Its type is that of none.
    #[error("`{0}` is the type of no reply")]
    Kind(String),
    /// It is about something that is no order.
    #[error("the subject of a reply is an order")]
    Subject(#[source] contracts::values::Invalid),
    /// What it carries is not what its type says.
    #[error("reading the reply")]
    Data(#[source] serde_json::Error),
}

/// What a message says, and about which order.
///
/// # Errors
/// If it is no reply of a participant.
fn reply(envelope: &Envelope) -> Result<(OrderId, Reply), NotAReply> {
    let order = envelope.subject.parse().map_err(NotAReply::Subject)?;
    let data = &envelope.data;
    let reply = match envelope.kind.as_str() {
        kinds::CUSTOMERS_REPLY => data.parse().map(Reply::Customers),
        kinds::WAREHOUSE_REPLY => data.parse().map(Reply::Warehouse),
        kinds::SHIPPING_REPLY => data.parse().map(Reply::Shipping),
        kinds::BILLING_REPLY => data.parse().map(Reply::Billing),
        other => return Err(NotAReply::Kind(other.to_owned())),
    };
    Ok((order, reply.map_err(NotAReply::Data)?))
}
