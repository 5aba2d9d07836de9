//! Reacting to what is appended: the checkpoint moves in the transaction of the reaction, so each has one effect.

use std::borrow::Cow;

use contracts::OrderId;
use database::Transaction;
use event_store::{HandlerError, Recorded};
use journal::{Cause, Origin, because};
use tracing::Instrument as _;

use super::{Handling, Projections};
use crate::{policy::reaction_to, reactor::Reacts};

/// Has a service react to the events of a ledger.
#[derive(Clone, Debug)]
pub struct Following<P> {
    /// As whom.
    pub name: &'static str,
    /// Who reacts.
    pub participant: P,
    /// What it knows of orders and customers.
    pub projections: Projections,
}

impl<P: Reacts> event_store::Handler for Following<P> {
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        for event in events {
            self.take(tx, event).await.map_err(|error| match error {
                messaging::HandlerError::Database(error) => HandlerError::Database(error),
                error => HandlerError::Failed(Box::new(error)),
            })?;
        }
        Ok(())
    }
}

impl<P: Reacts> Following<P> {
    async fn take(&self, tx: &mut Transaction, event: &Recorded) -> Result<(), messaging::HandlerError> {
        let kind = format!("{}.{}", event.stream.category(), event.kind);
        let Some(reaction) = reaction_to(self.participant.policies(), &kind) else { return Ok(()) };
        let order: OrderId =
            event.stream.id().parse().map_err(|error| messaging::HandlerError::Hopeless(Box::new(error)))?;
        let needs = self.participant.needs(reaction);
        let mut cause = cause(event, order, kind);
        let handling = Handling::begin(self.name, event, Some(order.uuid()));
        let react = async |tx: &mut Transaction, cause: &Cause| {
            because(tx, cause);
            let facts = self.projections.facts(tx, order, needs, &event.data).await?;
            self.participant.react(tx, order, reaction, &facts, cause).await
        };
        let Some(handling) = handling else { return react(tx, &cause).await };
        cause.traceparent = Some(handling.here.clone());
        let reacted = react(tx, &cause).instrument(handling.span.clone()).await;
        reacted.inspect_err(|error| handling.failed(error))
    }
}

/// What happens because of an event of the ledger.
fn cause(event: &Recorded, order: OrderId, kind: String) -> Cause {
    let from = match event.stream.category() {
        published::category::ORDER => "ordering".to_owned(),
        service => service.to_owned(),
    };
    Cause {
        subject: Some(order.uuid()),
        id: Some(event.id),
        actor: event.metadata.actor.clone(),
        traceparent: event.metadata.traceparent.clone(),
        origin: Origin::Message { kind: Cow::Owned(kind), from: Cow::Owned(from) },
    }
}
