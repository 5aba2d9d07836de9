//! The reactor: hears of what happens elsewhere, and has the service react as its policies say.

use chassis::trace::about;
use contracts::OrderId;
use database::Transaction;
use journal::{Cause, note};
use messaging::{Enriched, Envelope, HandlerError, republish};

use crate::{
    facts::{Facts, Needs, Source},
    policy::{Policy, reaction_to},
};

/// A service that reacts.
pub trait Reacts: Send + Sync + 'static {
    /// What it may do.
    type Reaction: Copy + Send + Sync + 'static;

    /// What it does when.
    fn policies(&self) -> &'static [Policy<Self::Reaction>];

    /// What it has to know for that.
    fn needs(&self, reaction: Self::Reaction) -> Needs;

    /// Does it, for an order, because of what `cause` says: a reaction that comes again has no other effect.
    ///
    /// # Errors
    /// [`HandlerError`] says what each leads to. The transaction is rolled back in every case.
    fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reaction: Self::Reaction,
        facts: &Facts,
        cause: &Cause,
    ) -> impl Future<Output = Result<(), HandlerError>>;
}

/// Has a service react to the messages of a topic.
#[derive(Clone, Debug)]
pub struct Reactor<P, S> {
    /// Who reacts.
    pub participant: P,
    /// Where it knows from what it needs to know.
    pub source: S,
}

impl<P: Reacts, S: Source> Enriched for Reactor<P, S> {
    type Facts = Facts;

    async fn enrich(&self, message: &Envelope) -> Result<Facts, HandlerError> {
        about_order(message);
        match reaction_to(self.participant.policies(), &message.kind) {
            None => Ok(Facts::default()),
            Some(reaction) => self.source.fetch(message, self.participant.needs(reaction)).await,
        }
    }

    async fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        fetched: &Facts,
    ) -> Result<(), HandlerError> {
        self.source.take_in(tx, message).await?;
        let Some(reaction) = reaction_to(self.participant.policies(), &message.kind) else { return Ok(()) };
        let order: OrderId =
            message.subject.parse().map_err(|error| HandlerError::Hopeless(Box::new(error)))?;
        fetched.calls.iter().for_each(|call| note(tx, call.clone()));
        let needs = self.participant.needs(reaction);
        let facts = self.source.facts(tx, message, order, needs, fetched).await?;
        self.participant.react(tx, order, reaction, &facts, &message.into()).await
    }
}

/// Says in the current span which order a message has to do with, if with any: what happens to customers and to products
/// mostly happens because of one, all else is about one.
pub fn about_order(message: &Envelope) {
    let order = message.correlation_id.filter(|_| republish::run_of(message).is_none());
    match (message.aggregate_type(), order) {
        ("customer" | "product", Some(order)) => about("order.id", &order),
        ("customer" | "product", None) => {}
        _ => about("order.id", &message.subject),
    }
}
