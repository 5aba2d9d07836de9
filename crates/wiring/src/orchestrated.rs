//! Somebody is in charge, and asks the service.

use std::sync::Arc;

use aggregate::{Aggregate, Repository};
use axum::Router;
use chassis::{
    intake, relay,
    service::{self, Service},
};
use choreography::{Participant, reports::Report};
use database::{Database, Error, Transaction};
use event_store::EventSourced;
use journal::Recording;
use messaging::{Answers, Broker, Handler, Publisher, outbox, publishing::Publishing};
use serde::Serialize;

use crate::{Aggregates, Assembly, Wired};

/// By requests to these `routes`; what is known late is posted by `hook`, as `answers`. Nobody hears of what happens.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn rest<A, B>(
    service: &mut Service,
    database: &Database,
    hook: impl Publisher,
    rows: impl Repository<A, Transaction = Transaction, Error = Error>,
    answers: impl FnOnce(outbox::Handle) -> Answers,
    routes: impl FnOnce(B::Participant, Database) -> Router,
    assembly: B,
) -> Result<Wired<A, B::Participant>, service::Error>
where
    A: EventSourced + Aggregate<Id: ToString, Event: Serialize>,
    B: Assembly<A>,
{
    let answers = answers(relay::start(service, database, Arc::new(hook))?);
    let aggregates = Aggregates::new(Recording::new(rows));
    let application = assembly.assemble(service, aggregates, Arc::new(answers))?;
    Ok(Wired::by_itself(application.clone(), routes(application, database.clone())))
}

/// By messages, which are handled and answered; what happens is published.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn messaging<A, B, H>(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    rows: impl Repository<A, Transaction = Transaction, Error = Error>,
    answers: impl FnOnce(outbox::Handle) -> Answers,
    handler: impl FnOnce(B::Participant, Answers) -> H,
    assembly: B,
) -> Result<Wired<A, B::Participant>, service::Error>
where
    A: EventSourced + Aggregate<Id: ToString, Event: Serialize>,
    B: Assembly<A>,
    H: Handler,
{
    let (topics, name) = (B::Participant::TOPICS, <B::Participant as Participant>::Reply::SERVICE);
    let outbox = relay::start(service, database, broker.clone())?;
    let published = Publishing::new(rows, outbox.clone(), topics.events, name);
    let answers = answers(outbox.clone());
    let aggregates = Aggregates::new(Recording::new(published));
    let application = assembly.assemble(service, aggregates, Arc::new(answers.clone()))?;
    intake::start(service, database, broker, topics.commands, name, handler(application.clone(), answers))?;
    Ok(Wired { application, routes: Router::new(), outbox: Some(outbox), grid: None })
}
