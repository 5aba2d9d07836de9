//! A service, before and after its style has decided the rest.

use std::sync::Arc;

use aggregate::{Aggregate, AnyRepository};
use axum::Router;
use chassis::service::{self, Service};
use choreography::Participant;
use database::{Error, Transaction};
use event_store::{EventSourced, Grid};
use messaging::{answers::Late, outbox};

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

impl<A: EventSourced, P> Wired<A, P> {
    /// A service whose aggregates are rows of its own, and of which nobody hears what happens.
    pub const fn by_itself(application: P, routes: Router) -> Self {
        Self { application, routes, outbox: None, grid: None }
    }
}
