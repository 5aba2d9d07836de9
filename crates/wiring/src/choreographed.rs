//! Nobody is in charge: the service reacts to what it hears, and others hear of what happens.

use std::sync::Arc;

use aggregate::{Aggregate, Repository};
use axum::Router;
use chassis::service::{self, Service};
use choreography::{ByPolicy, Means, Participant, Reports, Source, ledger, react, reports::Report};
use database::{Database, Error, Transaction};
use event_store::{EventSourced, Ledger};
use messaging::{Broker, publishing::Content};
use serde::Serialize;

use crate::{Assembly, Wired};

/// Over a broker, by these means; `rows` are the service's aggregates.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn choreographed<A, B, E, C>(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    means: Means<E, C, impl Source + Clone>,
    rows: impl Repository<A, Transaction = Transaction, Error = Error>,
    assembly: B,
) -> Result<Wired<A, B::Participant>, service::Error>
where
    A: EventSourced + Aggregate<Id: ToString, Event: Serialize>,
    B: Assembly<A>,
    E: Content<A> + Clone,
    C: Content<Reports<<B::Participant as Participant>::Reply>> + Clone,
{
    let kept = means.keep(service, database, broker, rows, B::Participant::TOPICS)?;
    let reporter = kept.reporter;
    let application = assembly.assemble(service, kept.aggregates, Arc::new(reporter.clone()))?;
    let participant = ByPolicy { participant: application.clone(), reporter: reporter.clone() };
    let routes = react(service, database, broker, means.source, participant, reporter)?;
    Ok(Wired { application, routes, outbox: Some(kept.outbox), grid: None })
}

/// Over a ledger, in which everything is kept; `database` is the service's handle of the ledger's.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn event_sourced<A, B>(
    service: &mut Service,
    database: &Database,
    ledger: &Ledger,
    assembly: B,
) -> Result<Wired<A, B::Participant>, service::Error>
where
    A: EventSourced + Aggregate<Id: ToString, Event: Serialize>,
    B: Assembly<A>,
{
    let kept = ledger::keep(service, ledger)?;
    let reporter = kept.reporter;
    let application = assembly.assemble(service, kept.aggregates, Arc::new(reporter.clone()))?;
    let participant = ByPolicy { participant: application.clone(), reporter };
    let name = <B::Participant as Participant>::Reply::SERVICE;
    ledger::react(service, ledger, database, name, participant)?;
    Ok(Wired { application, routes: Router::new(), outbox: None, grid: Some(kept.grid) })
}
