//! Reacting to what is appended: the checkpoint moves in the transaction of the reaction, so each has one effect.
//!
//! What cannot be reacted to is parked, as a message is, and what comes later of its stream behind it; everything else goes on.

use std::borrow::Cow;

use contracts::OrderId;
use database::Transaction;
use event_store::{HandlerError, Recorded};
use journal::{Cause, Origin, because};
use messaging::{Data, Envelope, HandlerError as Refused, consumer::Parking};
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
    /// Where what it cannot react to waits.
    pub parking: Parking,
}

impl<P: Reacts> event_store::Handler for Following<P> {
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        let some_wait = self.parking.is_used(tx).await?;
        for event in events {
            self.take(tx, event, some_wait).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn set_aside(
        &self,
        tx: &mut Transaction,
        event: &Recorded,
        failure: &HandlerError,
    ) -> Result<(), HandlerError> {
        let of_a_statement;
        let refused = match failure {
            HandlerError::Failed(refused) => refused.downcast_ref(),
            HandlerError::Database(error) => {
                of_a_statement = Refused::Database(error.clone());
                Some(&of_a_statement)
            }
            _ => None,
        };
        let (Some(refused), Ok(event)) = (refused, envelope(event)) else {
            return Err(HandlerError::Awaited);
        };
        self.parking.park(tx, &event, refused).await.map_err(failed)
    }
}

/// What was parked is reacted to as if it had just come.
impl<P: Reacts> messaging::Handler for Following<P> {
    async fn handle(&self, tx: &mut Transaction, parked: &Envelope) -> Result<(), Refused> {
        let Some(reaction) = reaction_to(self.participant.policies(), &parked.kind) else { return Ok(()) };
        let order = order(&parked.subject)?;
        let cause = Cause { subject: Some(order.uuid()), ..parked.into() };
        self.react(tx, order, reaction, parked.data.as_str(), &cause).await
    }
}

impl<P: Reacts> Following<P> {
    /// Reacts to an event, unless an earlier one of its stream waits.
    async fn take(&self, tx: &mut Transaction, event: &Recorded, some_wait: bool) -> Result<(), Refused> {
        let kind = kind(event);
        let Some(reaction) = reaction_to(self.participant.policies(), &kind) else { return Ok(()) };
        if some_wait && self.parking.behind(tx, &envelope(event)?).await? {
            return Ok(());
        }
        let order = order(event.stream.id())?;
        let mut cause = cause(event, order, kind);
        let Some(handling) = Handling::begin(self.name, event, Some(order.uuid())) else {
            return self.react(tx, order, reaction, &event.data, &cause).await;
        };
        cause.traceparent = Some(handling.here.clone());
        let reacted = self.react(tx, order, reaction, &event.data, &cause);
        reacted.instrument(handling.span.clone()).await.inspect_err(|error| handling.failed(error))
    }

    /// Does it, because of what `cause` says, which told `data`.
    async fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reaction: P::Reaction,
        data: &str,
        cause: &Cause,
    ) -> Result<(), Refused> {
        because(tx, cause);
        let facts = self.projections.facts(tx, order, self.participant.needs(reaction), data).await?;
        self.participant.react(tx, order, reaction, &facts, cause).await
    }
}

/// What happens because of an event of the ledger.
fn cause(event: &Recorded, order: OrderId, kind: String) -> Cause {
    Cause {
        subject: Some(order.uuid()),
        id: Some(event.id),
        actor: event.metadata.actor.clone(),
        traceparent: event.metadata.traceparent.clone(),
        origin: Origin::Message { kind: Cow::Owned(kind), from: Cow::Owned(sender(event).to_owned()) },
    }
}

fn failed(refused: Refused) -> HandlerError {
    match refused {
        Refused::Database(error) => HandlerError::Database(error),
        refused => HandlerError::Failed(Box::new(refused)),
    }
}

fn order(id: &str) -> Result<OrderId, Refused> {
    id.parse().map_err(|error| Refused::Hopeless(Box::new(error)))
}

/// The type of an event as policies name it.
fn kind(event: &Recorded) -> String {
    format!("{}.{}", event.stream.category(), event.kind)
}

/// The service that appended it.
fn sender(event: &Recorded) -> &str {
    match event.stream.category() {
        published::category::ORDER => "ordering",
        service => service,
    }
}

/// An event as it is parked. Its version stays in the ledger: the stream is complete without an inbox that looks for gaps.
fn envelope(event: &Recorded) -> Result<Envelope, Refused> {
    let data = Data::from_json(event.data.clone()).map_err(Refused::malformed)?;
    let (source, subject) = (format!("/{}", sender(event)), event.stream.id());
    Ok(Envelope {
        data_version: event.schema_version,
        partition_key: event.stream.as_str().to_owned(),
        traceparent: event.metadata.traceparent.clone(),
        correlation_id: event.metadata.correlation_id,
        causation_id: event.metadata.causation_id,
        actor: event.metadata.actor.clone(),
        ..Envelope::new(event.id, &source, &kind(event), subject, event.recorded_at, data)
    })
}
