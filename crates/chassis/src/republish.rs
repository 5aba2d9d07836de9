//! `POST /republish`: a service tells the documents of all its aggregates again, so that somebody who was not there can begin.
//!
//! Each request tells a page, in one transaction, through the outbox: `?run=` names the undertaking, `?after=` the last aggregate of the page
//! before, `?limit=` how many. The answer says where the next page begins, so whoever asks decides how fast, and goes on where it was after
//! a crash of either. What the messages are like, and why nobody takes them for something that happens:
//! [`messaging::republish`].

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, routing::post};
use contracts::{
    republish::{Page, Republished},
    topics::kinds,
};
use database::{Database, Error, Transaction};
use messaging::{Broker, Data, Envelope, Responder, derived_id, outbox, republish};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    extract::{Json, Query},
    ids::Ids,
    problem::{Problem, chain},
    service::Service,
    shutdown::Drain,
};

/// How many documents a page has unless told, and at most.
const PAGE: u32 = 200;
const MOST: u32 = 1000;

/// What a service tells again.
#[derive(Clone, Debug)]
pub struct Told {
    /// The service.
    pub source: &'static str,
    /// The type of its aggregates, as messages call it.
    pub aggregate: &'static str,
    /// Where it tells what happens to them.
    pub topic: &'static str,
    /// Where messages leave.
    pub outbox: outbox::Handle,
    /// Where its aggregates are.
    pub database: Database,
}

/// The id of an aggregate, and its document.
pub type Document = (String, Data);

/// An aggregate's document, as `read` of [`serve`] returns them.
///
/// # Errors
/// If it has no JSON form.
pub fn document(id: impl ToString, document: &impl Serialize) -> Result<Document, Error> {
    let data = Data::of(document).map_err(|_| Error::Conflict { what: "document" })?;
    Ok((id.to_string(), data))
}

/// Adds the route to the service's admin port, for operators, and returns that for other services, at `/internal/republish`. `read` tells
/// the documents behind an aggregate in the order of their ids, at most so many.
pub fn serve<R>(service: &mut Service, told: Told, read: R) -> Router
where
    R: AsyncFn(&mut Transaction, Option<&str>, u32) -> Result<Vec<Document>, Error>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let ids = service.platform().ids.clone();
    service.merge_admin(routes("/republish", told.clone(), ids.clone(), read.clone()));
    routes("/internal/republish", told, ids, read)
}

/// Tells a page to whoever asks for it over the broker by a request on `topic`, until the service is drained: for those who are told
/// everything and call nobody.
pub fn answer<R>(service: &mut Service, broker: &Arc<dyn Broker>, topic: &'static str, told: Told, read: R)
where
    R: AsyncFn(&mut Transaction, Option<&str>, u32) -> Result<Vec<Document>, Error>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let (broker, ids) = (broker.clone(), service.platform().ids.clone());
    let responder: Arc<dyn Responder> =
        Arc::new(move |request| reply(told.clone(), ids.clone(), request, read.clone()));
    service.spawn("republish", move |drain: Drain| async move {
        loop {
            let served = broker.serve(topic, responder.clone(), Box::pin(drain.requested()));
            let Err(error) = served.await else { return };
            tracing::warn!(reason = chain(&error), "cannot be asked to republish, trying again soon");
            if !drain.sleep(Duration::from_secs(1)).await {
                return;
            }
        }
    });
}

/// What was told for a request; nothing, if it is none or could not be done: then it is asked again.
async fn reply<R>(told: Told, ids: Ids, request: Envelope, read: R) -> Option<Envelope>
where
    R: AsyncFn(&mut Transaction, Option<&str>, u32) -> Result<Vec<Document>, Error> + Send + Sync + 'static,
{
    if request.kind != kinds::REPUBLISH_REQUEST {
        return None;
    }
    let page: Page = request.data.parse().ok()?;
    let run = page.run.unwrap_or_else(|| ids.next());
    let (source, now) = (told.source, told.database.now());
    let republished = tell(told, run, page, read).await;
    let republished = republished.inspect_err(|problem| tracing::warn!(?problem, "cannot republish")).ok()?;
    let (id, data) = (derived_id(source, request.id, 0), Data::of(&republished).ok()?);
    let reply = Envelope::new(id, source, kinds::REPUBLISHED, &request.subject, now, data);
    Some(Envelope { traceparent: request.traceparent, causation_id: Some(request.id), ..reply })
}

fn routes<R>(path: &str, told: Told, ids: Ids, read: R) -> Router
where
    R: AsyncFn(&mut Transaction, Option<&str>, u32) -> Result<Vec<Document>, Error>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let handler = async move |State(told): State<Told>, Query(page): Query<Page>| {
        // An undertaking that has no id gets one.
        let run = page.run.unwrap_or_else(|| ids.next());
        tell(told, run, page, read.clone()).await.map(Json)
    };
    Router::new().route(path, post(handler)).with_state(told)
}

async fn tell<R>(told: Told, run: Uuid, page: Page, read: R) -> Result<Republished, Problem>
where
    R: AsyncFn(&mut Transaction, Option<&str>, u32) -> Result<Vec<Document>, Error> + Send + Sync + 'static,
{
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::malformed(format!("`limit` must be from 1 to {MOST}.")));
    }
    let database = told.database.clone();
    let work = async move |tx: &mut Transaction| {
        let documents = read(tx, page.after.as_deref(), limit).await?;
        let full = documents.len() == limit as usize;
        let next = documents.last().filter(|_| full).map(|(id, _)| id.clone());
        for (id, document) in &documents {
            let message =
                republish::message(told.source, told.aggregate, run, id, tx.now(), document.clone());
            outbox::republish(tx, told.topic, &message).await?;
        }
        told.outbox.wake_after_commit(tx);
        Ok::<_, Error>(Republished { run, documents: documents.len() as u64, next })
    };
    Ok(database.write(work).await?)
}
