//! `messaging`: an order asks by a message and is answered by one, at once or late, which is sent if and only if what
//! it asked was done.

use chassis::trace::about;
use contracts::{billing::Command, topics::kinds};
use database::Transaction;
use messaging::{Answers, Envelope, Handler, HandlerError};

use super::failed;
use crate::application::Application;

/// Does what orders ask, and answers them.
#[must_use]
pub fn handler(application: Application, answers: Answers) -> impl Handler {
    Participant { application, answers }
}

struct Participant {
    application: Application,
    answers: Answers,
}

impl Handler for Participant {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != kinds::BILLING_COMMAND {
            return Err(HandlerError::Unknown);
        }
        about("order.id", &message.subject);
        let command: Command = message.data.parse().map_err(HandlerError::malformed)?;
        if let Some(reply) = self.application.handle(tx, &command, &message.into()).await.map_err(failed)? {
            self.answers.answer(tx, message, &reply).await?;
        }
        Ok(())
    }
}
