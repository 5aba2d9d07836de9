//! `messaging`: an order asks by a message and is answered by one, at once or late, which is sent if and only if what
//! it asked was done.

use contracts::{
    billing::{Command, Reply},
    topics::{self, kinds},
};
use database::Transaction;
use messaging::{Data, Envelope, Handler, HandlerError, derived_id, outbox};

use crate::{
    application::{Application, Error},
    late::SOURCE,
};

/// Does what orders ask, and answers them.
#[derive(Clone, Debug)]
pub struct Participant {
    /// What invoices are asked.
    pub application: Application,
    /// Where answers wait to be sent.
    pub outbox: outbox::Handle,
}

impl Handler for Participant {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != kinds::BILLING_COMMAND {
            return Err(HandlerError::Unknown);
        }
        let command: Command = message.data.parse().map_err(HandlerError::malformed)?;
        if let Some(reply) = self.application.handle(tx, &command, &message.into()).await.map_err(failed)? {
            let answer = answer(message, &reply, tx.now()).map_err(HandlerError::malformed)?;
            self.outbox.enqueue(tx, topics::ORDERING_REPLIES, &answer).await?;
        }
        Ok(())
    }
}

/// The message that answers another: about the same order, hence behind every earlier answer to it.
fn answer(message: &Envelope, reply: &Reply, now: i64) -> Result<Envelope, serde_json::Error> {
    let id = derived_id(SOURCE, message.id, 0);
    let data = Data::of(reply)?;
    Ok(Envelope::new(id, SOURCE, kinds::BILLING_REPLY, &message.subject, now, data).in_reply_to(message))
}

fn failed(error: Error) -> HandlerError {
    match error {
        Error::Store(error) => error.into(),
        Error::Refused(_) => HandlerError::Failed(error.into()),
    }
}
