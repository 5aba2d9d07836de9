//! Reacting to what is appended: the checkpoint moves in the transaction of the reaction, so each has one effect.

use std::borrow::Cow;

use chassis::trace::about;
use contracts::OrderId;
use database::Transaction;
use event_store::{HandlerError, Recorded};
use journal::{Cause, Origin, because};
use tracing::{Instrument as _, info_span};

use super::Projections;
use crate::{policy::reaction_to, reactor::Reacts};

/// Has a service react to the events of a ledger.
#[derive(Clone, Debug)]
pub struct Following<P> {
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
        let recorded = trace::recorded_from(cause.traceparent.as_deref());
        let react = async |tx: &mut Transaction, cause: &Cause| {
            because(tx, cause);
            let facts = self.projections.facts(tx, order, needs, &event.data).await?;
            self.participant.react(tx, order, reaction, &facts, cause).await
        };
        match recorded {
            None => react(tx, &cause).await,
            Some(from) => {
                let name = event.kind.as_str();
                let (span, here) = trace::child_of(
                    &from,
                    || info_span!("react", otel.name = name, otel.kind = "consumer", order.id = %order),
                );
                cause.traceparent = Some(here.to_string());
                async {
                    about("order.id", &order);
                    react(tx, &cause).await
                }
                .instrument(span)
                .await
            }
        }
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
