//! `messaging`: an order asks by a message and is answered by one, written in the transaction that does what
//! it asked.

use chassis::trace::about;
use contracts::{topics::kinds, warehouse::Command};
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
        if message.kind != kinds::WAREHOUSE_COMMAND {
            return Err(HandlerError::Unknown);
        }
        about("order.id", &message.subject);
        let command: Command = message.data.parse().map_err(HandlerError::malformed)?;
        let reply = self.application.handle(tx, &command).await.map_err(failed)?;
        Ok(self.answers.answer(tx, message, &reply).await?)
    }
}
