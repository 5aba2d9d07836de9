//! What the styles over a broker differ in, and what they have in common.

use std::sync::Arc;

use aggregate::{Aggregate, AnyRepository, Repository};
use axum::Router;
use chassis::{
    client::HttpClient,
    relay,
    service::{self, Service},
};
use database::{Database, Error, Transaction};
use journal::Recording;
use messaging::{
    Broker, outbox,
    publishing::{Content, Publishing},
};
use serde::Serialize;

use crate::{
    callbacks::{self, Callbacks},
    content::Notice,
    facts::Source,
    follow::follow,
    reactor::{Reactor, Reacts},
    reports::{self, Report, Reporter, Reports},
};

/// What two styles differ in: what a service's events and reports carry, and where it knows from what it needs to know.
#[derive(Clone, Debug)]
pub struct Means<E, R, S> {
    /// What its events carry.
    pub events: E,
    /// What its reports carry.
    pub reports: R,
    /// Where it knows from what others own.
    pub source: S,
}

/// Where a service's aggregates are kept, and how it reports.
#[derive(Clone, Debug)]
pub struct Kept<A: Aggregate, R: Report> {
    /// Its aggregates, whose changes are published.
    pub aggregates: AnyRepository<A, Transaction, Error>,
    /// Its reports, which are published too.
    pub reporter: Reporter<R>,
    /// Where its messages wait until they are published.
    pub outbox: outbox::Handle,
}

/// The topics of a service.
#[derive(Clone, Copy, Debug)]
pub struct Topics {
    /// Of what orders ask of it, where somebody is in charge.
    pub commands: &'static str,
    /// Of what happens to its aggregates.
    pub events: &'static str,
    /// Of its part in orders.
    pub reports: &'static str,
}

impl Means<Notice, Notice, Callbacks> {
    /// Thin events; what they leave out the service `source` asks of their owners, at these addresses.
    ///
    /// # Errors
    /// Its metrics cannot be registered.
    pub fn asking(
        source: &'static str,
        service: &Service,
        client: &HttpClient,
        owners: &callbacks::Addresses,
    ) -> Result<Self, service::Error> {
        let source = Callbacks::of(service, client, callbacks::Options::new(source, owners.clone()))?;
        Ok(Self { events: Notice, reports: Notice, source })
    }
}

impl<E, C, S: Source + Clone> Means<E, C, S> {
    /// Has what happens in `rows` and what the service reports published over the broker, each as it is carried.
    ///
    /// # Errors
    /// Its metrics cannot be registered.
    pub fn keep<A, R>(
        &self,
        service: &mut Service,
        database: &Database,
        broker: &Arc<dyn Broker>,
        rows: impl Repository<A, Transaction = Transaction, Error = Error>,
        topics: Topics,
    ) -> Result<Kept<A, R>, service::Error>
    where
        A: Aggregate<Id: ToString, Event: Serialize>,
        R: Report,
        E: Content<A> + Clone,
        C: Content<Reports<R>> + Clone,
    {
        let outbox = relay::start(service, database, broker.clone())?;
        let events = Publishing::new(rows, outbox.clone(), topics.events, R::SERVICE);
        let reports =
            Publishing::new(reports::Rows::<R>::default(), outbox.clone(), topics.reports, R::SERVICE);
        let aggregates = AnyRepository::new(Recording::new(events.carrying(self.events.clone())));
        let reports = AnyRepository::new(Recording::new(reports.carrying(self.reports.clone())));
        let reports = service.platform().doubles.around(reports);
        Ok(Kept { aggregates, reporter: Reporter::new(reports), outbox })
    }
}

/// Has `participant` react to what it hears, knowing what `source` knows, and answers who asks for its reports.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn react<R: Report>(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    source: impl Source + Clone,
    participant: impl Reacts + Clone,
    reporter: Reporter<R>,
) -> Result<Router, service::Error> {
    follow(service, broker, R::SERVICE, database, Reactor { participant, source })?;
    Ok(reports::routes(reporter, database.clone()))
}
