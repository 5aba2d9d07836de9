//! Following the owners' topics: each message is taken in once, in the transaction that remembers it.

use contracts::topics;
use database::Transaction;
use messaging::{Envelope, Handler, HandlerError, republish};

use crate::{
    ingest::Reads,
    lag::Lag,
    projector::{Projector, Refused},
    rebuild,
};

/// Where owners tell of what views show.
pub(crate) const TOPICS: [&str; 3] =
    [topics::CUSTOMERS_EVENTS, topics::WAREHOUSE_EVENTS, topics::ORDERING_EVENTS];

/// Takes messages in.
#[derive(Clone, Debug)]
pub(crate) struct Follower {
    /// What they tell.
    pub(crate) reads: Reads,
    pub(crate) projector: Projector,
    pub(crate) lag: Lag,
    /// What is woken when something has come that was republished.
    pub(crate) rebuild: rebuild::Handle,
}

impl Handler for Follower {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        let item = (self.reads)(message)?;
        let run = republish::run_of(message);
        self.projector.apply(tx, &item, run).await.map_err(failed)?;
        if run.is_none() {
            self.lag.taken_in(tx, message.time);
            return Ok(());
        }
        self.rebuild.wake_after_commit(tx);
        Ok(())
    }
}

fn failed(refused: Refused) -> HandlerError {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Gap { .. } => HandlerError::Failed(refused.into()),
    }
}
