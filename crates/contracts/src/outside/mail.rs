//! The language of the mail service.

use serde::{Deserialize, Serialize};

use super::Metadata;
use crate::{Email, Reference, Timestamp};

/// `POST /v1/messages`: send this. The answer is 202 with a [`Message`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SendMessage {
    /// To whom.
    pub to: Email,
    /// The line above it.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// What it is about.
    pub metadata: Metadata,
}

/// The mail service has the message and will deliver it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The mail service's name of it.
    pub id: String,
    /// When it was taken.
    pub accepted_at: Timestamp,
}
