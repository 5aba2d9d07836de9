//! The styles: how ordering reaches the other services, how they answer, and where orders are kept. Nothing else
//! differs between them, and nothing here is a rule of the domain.

pub mod call;
pub mod messaging;
pub mod rest;

use ::messaging::Envelope;
use contracts::{OrderId, topics::kinds};

use crate::process::Reply;

/// Why a message is no reply of a participant.
#[derive(Debug, thiserror::Error)]
pub enum NotAReply {
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
pub fn reply(envelope: &Envelope) -> Result<(OrderId, Reply), NotAReply> {
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
