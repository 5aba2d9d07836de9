//! Wiring: what a style makes of a service that takes part in orders.

use std::sync::Arc;

use aggregate::{Aggregate, AnyRepository, Repository};
use axum::Router;
use chassis::service::{self, Service};
use database::{Database, Error, Transaction};
use event_store::{EventSourced, Grid, Ledger};
use messaging::{Broker, answers::Late, outbox, publishing::Content};
use serde::Serialize;

use crate::{
    facts::Source,
    ledger,
    means::{Means, react},
    participant::{ByPolicy, Participant},
    reports::{Report, Reports},
};

/// Aggregates, wherever they are kept.
pub type Aggregates<A> = AnyRepository<A, Transaction, Error>;

/// All that a service is but what its style decides.
pub trait Assembly<A: Aggregate> {
    /// What comes of it.
    type Participant: Participant;

    /// Starts all that goes on in the service by itself, and tells what it can be asked: of `aggregates` that are kept
    /// somewhere, and with a way to say what is known `late`.
    ///
    /// # Errors
    /// Its metrics cannot be registered.
    fn assemble(
        self,
        service: &mut Service,
        aggregates: Aggregates<A>,
        late: Arc<dyn Late<<Self::Participant as Participant>::Reply>>,
    ) -> Result<Self::Participant, service::Error>;
}

/// What a style makes of a service.
#[derive(Debug)]
pub struct Wired<A: EventSourced, P> {
    /// What it can be asked.
    pub application: P,
    /// What the other services reach.
    pub routes: Router,
    /// Where its messages wait until they are published, if what happens is.
    pub outbox: Option<outbox::Handle>,
    /// Its aggregates in memory, if they are kept in a ledger; else they are rows of its own.
    pub grid: Option<Grid<A>>,
}

impl<E, C, S: Source + Clone> Means<E, C, S> {
    /// Has a service react to what it hears over the broker, and others hear of what happens; `rows` are its aggregates.
    ///
    /// # Errors
    /// Its metrics cannot be registered.
    pub fn wire<A, B>(
        self,
        service: &mut Service,
        database: &Database,
        broker: &Arc<dyn Broker>,
        rows: impl Repository<A, Transaction = Transaction, Error = Error>,
        assembly: B,
    ) -> Result<Wired<A, B::Participant>, service::Error>
    where
        A: EventSourced + Aggregate<Id: ToString, Event: Serialize>,
        B: Assembly<A>,
        E: Content<A> + Clone,
        C: Content<Reports<<B::Participant as Participant>::Reply>> + Clone,
    {
        let kept = self.keep(service, database, broker, rows, B::Participant::TOPICS)?;
        let reporter = kept.reporter;
        let application = assembly.assemble(service, kept.aggregates, Arc::new(reporter.clone()))?;
        let participant = ByPolicy { participant: application.clone(), reporter: reporter.clone() };
        let routes = react(service, database, broker, self.source, participant, reporter)?;
        Ok(Wired { application, routes, outbox: Some(kept.outbox), grid: None })
    }
}

/// Has a service follow the ledger, in which everything is kept; `database` is its handle of the ledger's.
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
    ledger::react(service, ledger, database, <B::Participant as Participant>::Reply::SERVICE, participant)?;
    Ok(Wired { application, routes: Router::new(), outbox: None, grid: Some(kept.grid) })
}
