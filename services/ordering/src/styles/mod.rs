//! The styles: how ordering reaches the other services and how they answer. Nothing else differs between them, and
//! nothing here is a rule of the domain.

pub mod call;
pub mod choreography;
pub mod event_sourcing;
pub mod quotes;
pub mod replies;

pub mod messaging;
pub mod notification;
pub mod rest;
pub mod state_transfer;

use ::messaging::HandlerError;

use crate::error::Error;

/// Who sends and calls.
const SOURCE: &str = "ordering";

/// Why an answer or a report was not taken in.
fn failed(error: Error) -> HandlerError {
    match error {
        Error::Store(error) | Error::Saga(saga::Error::Store(error)) => error.into(),
        other => HandlerError::Failed(other.into()),
    }
}
