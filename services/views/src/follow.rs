//! Following the owners' topics: each message is taken in once, in the transaction that remembers it.

use choreography::{Callbacks, about_order};
use contracts::topics;
use database::Transaction;
use messaging::{Data, Enriched, Envelope, HandlerError, republish};

use crate::{
    ingest::{self, Reads},
    lag::Lag,
    projection::Item,
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

impl Enriched for Follower {
    /// A message says it all.
    type Facts = ();

    async fn enrich(&self, message: &Envelope) -> Result<(), HandlerError> {
        about_order(message);
        Ok(())
    }

    async fn handle(&self, tx: &mut Transaction, message: &Envelope, (): &()) -> Result<(), HandlerError> {
        self.handle_all(tx, &[(message, &())]).await
    }

    async fn handle_all(
        &self,
        tx: &mut Transaction,
        messages: &[(&Envelope, &())],
    ) -> Result<(), HandlerError> {
        let messages: Vec<&Envelope> = messages.iter().map(|(message, ())| *message).collect();
        let items = messages.iter().map(|message| (self.reads)(message)).collect::<Result<Vec<Item>, _>>()?;
        self.take_in(tx, &messages, items).await
    }
}

impl Follower {
    /// Takes in what messages that tell so tell.
    pub(crate) fn new(reads: Reads, projector: &Projector, lag: &Lag, rebuild: &rebuild::Handle) -> Self {
        Self { reads, projector: projector.clone(), lag: lag.clone(), rebuild: rebuild.clone() }
    }

    /// Takes in what each of the messages tells.
    async fn take_in(
        &self,
        tx: &mut Transaction,
        messages: &[&Envelope],
        items: Vec<Item>,
    ) -> Result<(), HandlerError> {
        let runs = messages.iter().map(|message| republish::run_of(message));
        let told: Vec<_> = items.into_iter().zip(runs).collect();
        self.projector.apply(tx, &told).await.map_err(failed)?;
        let happened = messages.iter().zip(&told).filter(|(_, (_, run))| run.is_none());
        let times: Vec<i64> = happened.map(|(message, _)| message.time).collect();
        if times.len() < messages.len() {
            self.rebuild.wake_after_commit(tx);
        }
        self.lag.taken_in(tx, times);
        Ok(())
    }
}

/// Takes messages in that do not say enough: what they are about is asked of its owner first.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) follower: Follower,
    pub(crate) callbacks: Callbacks,
}

impl Enriched for Asking {
    /// The owner's document, unless the message has it.
    type Facts = Option<Data>;

    async fn enrich(&self, message: &Envelope) -> Result<Option<Data>, HandlerError> {
        about_order(message);
        if republish::run_of(message).is_some() {
            return Ok(None);
        }
        let document = self.callbacks.subject_of(message).await?;
        let text =
            String::from_utf8(document.into()).map_err(|error| HandlerError::Hopeless(error.into()))?;
        Data::from_json(text).map(Some).map_err(HandlerError::malformed)
    }

    async fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        document: &Option<Data>,
    ) -> Result<(), HandlerError> {
        self.handle_all(tx, &[(message, document)]).await
    }

    async fn handle_all(
        &self,
        tx: &mut Transaction,
        messages: &[(&Envelope, &Option<Data>)],
    ) -> Result<(), HandlerError> {
        let mut items = Vec::with_capacity(messages.len());
        for (message, document) in messages {
            items.push(match document {
                Some(document) => ingest::document_about(message, document)?,
                None => (self.follower.reads)(message)?,
            });
        }
        let messages: Vec<&Envelope> = messages.iter().map(|(message, _)| *message).collect();
        self.follower.take_in(tx, &messages, items).await
    }
}

fn failed(refused: Refused) -> HandlerError {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Gap { .. } => HandlerError::Failed(refused.into()),
    }
}
