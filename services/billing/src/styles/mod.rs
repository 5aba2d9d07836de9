//! How the service is reached by the others, and how it answers them: the only place where two styles differ.

pub mod choreography;
pub mod messaging;
pub mod notification;
pub mod rest;
pub mod state_transfer;

use ::messaging::{Answers, HandlerError, outbox};
use contracts::topics::{self, kinds};

use crate::application::Error;

/// What the service is called by the others.
pub const SOURCE: &str = "billing";

/// How orders are answered by messages, which leave through `outbox`.
#[must_use]
pub const fn answers(outbox: outbox::Handle) -> Answers {
    Answers::new(SOURCE, kinds::BILLING_REPLY, topics::ORDERING_REPLIES, outbox)
}

/// Why a message or an event was not handled.
fn failed(error: Error) -> HandlerError {
    match error {
        Error::Store(error) => error.into(),
        Error::Refused(_) => HandlerError::Failed(error.into()),
    }
}
