//! `/internal/timeline/{order_id}`: what this service did about an order, step by step, for the gateway to put together
//! with what the others did.

use std::collections::HashMap;

use axum::{Json, Router, extract::State, routing::get};
use contracts::{
    OrderId, Timestamp,
    timeline::{Entry, Kind, Part, Step},
};
use database::{Database, Transaction};
use journal::{Origin, Record, Told, Written};
use uuid::Uuid;

use crate::{extract::Path, problem::Problem};

/// How many transactions are told of, the first and the last; an order takes about ten in each service.
const MOST: u32 = 1000;

/// How many starts of the service are told of.
const MOST_STARTS: u32 = 100;

/// How many steps are told, which bounds the answer to less than a client reads.
const MOST_STEPS: usize = 2000;

/// The route of a service whose database has a [`journal`].
pub fn routes(service: &'static str, database: Database) -> Router {
    let tell = async move |State(database): State<Database>, Path(order): Path<OrderId>| {
        let told = database.read(async move |tx| read(tx, order.uuid()).await).await?;
        Ok::<_, Problem>(Json(part(service, &told.0, &told.1)))
    };
    Router::new().route("/internal/timeline/{order_id}", get(tell)).with_state(database)
}

/// What was done about an order, and when the service was started meanwhile.
async fn read(tx: &mut Transaction, order: Uuid) -> Result<(Told, Vec<i64>), database::Error> {
    let told = journal::read(tx, order, MOST).await?;
    let starts = match (told.written.first(), told.written.last()) {
        (Some(first), Some(last)) => journal::starts(tx, first.at, last.at, MOST_STARTS).await?,
        _ => Vec::new(),
    };
    Ok((told, starts))
}

fn part(service: &str, told: &Told, starts: &[i64]) -> Part {
    let mut teller = Teller { service, ..Teller::default() };
    for at in starts {
        let mut start = teller.step(*at, Kind::Restart, "started");
        start.entry.id = format!("{service}-start-{at}");
        teller.steps.push((*at, start));
    }
    teller.numbered = (0, 0);
    for Written { at, records } in &told.written {
        records.iter().for_each(|record| teller.record(*at, record));
    }
    // A call began before the transaction that took its answer in. What is of one time stays in the order of the commits.
    let mut steps = teller.steps;
    steps.sort_by_key(|(at, _)| *at);
    // What began it all and what came of it are told in any case.
    let surplus = steps.len().saturating_sub(MOST_STEPS);
    if surplus > 0 {
        steps.drain(MOST_STEPS / 2..MOST_STEPS / 2 + surplus);
    }
    let steps = steps.into_iter().map(|(_, step)| step).collect();
    let commits = told.written.len() as u64 + told.left_out;
    Part { steps, commits, left_out: told.left_out + surplus as u64 }
}

/// Tells the records of one service, in the order in which they were written.
#[derive(Default)]
struct Teller<'a> {
    service: &'a str,
    steps: Vec<(i64, Step)>,
    /// How many steps were told of the latest time.
    numbered: (i64, usize),
    /// The steps that are known by a link.
    links: HashMap<Uuid, String>,
    /// The first step that was taken for a cause.
    causes: HashMap<Uuid, String>,
    /// The latest step that a task took for a cause. A cause may set several, which go on beside each other.
    tasks: HashMap<(Uuid, String), String>,
}

impl Teller<'_> {
    fn record(&mut self, at: i64, record: &Record) {
        // What follows from what: events from their command, all else from what the record did before, or from what it came by.
        let mut before = self.arrival(at, record);
        let mut answers = record.cause.filter(|cause| is_task(record) && self.links.contains_key(cause));
        for entry in &record.entries {
            let mut step = self.told(at, entry, record);
            let asked = entry.link.filter(|_| entry.kind == journal::Kind::Call);
            step.entry.caused_by = asked.and_then(|link| self.links.get(&link)).or(before.as_ref()).cloned();
            let id = step.entry.id.clone();
            match entry.kind {
                journal::Kind::Call | journal::Kind::Command => before = Some(id),
                journal::Kind::Saga | journal::Kind::Message => {
                    self.links.extend(entry.link.map(|link| (link, id)));
                }
                journal::Kind::Event | journal::Kind::Retry => {}
            }
            if entry.kind != journal::Kind::Call {
                step.answers = answers.take();
            }
            self.steps.push((entry.started.unwrap_or(at), step));
        }
        let Some((cause, last)) = record.cause.zip(before) else { return };
        match &record.origin {
            Origin::Task { name, .. } => _ = self.tasks.insert((cause, name.to_string()), last),
            _ => _ = self.causes.entry(cause).or_insert(last),
        }
    }

    /// What the record came by: a step of its own where that came from elsewhere, else the step that had set the task.
    fn arrival(&mut self, at: i64, record: &Record) -> Option<String> {
        let (kind, name, peer, outcome) = match &record.origin {
            Origin::Request { route, .. } => (Kind::Call, route, Some("client".to_owned()), "received"),
            Origin::Call { route } => (Kind::Call, route, None, "received"),
            Origin::Message { kind, from } => (Kind::Message, kind, Some(from.to_string()), "handled"),
            Origin::Task { name, .. } => {
                let cause = record.cause?;
                let own = self.tasks.get(&(cause, name.to_string()));
                return own.or_else(|| self.causes.get(&cause)).or_else(|| self.links.get(&cause)).cloned();
            }
            Origin::Unknown => return None,
        };
        // What was called before the transaction, for a price say, was because of it, too.
        let began = record.entries.iter().filter_map(|entry| entry.started).fold(at, i64::min);
        let mut step = self.step(at, kind, name);
        step.entry.at = Timestamp::from_micros(began);
        (step.entry.peer, step.entry.outcome) = (peer, Some(outcome.to_owned()));
        match &record.origin {
            Origin::Request { keyed, .. } => step.entry.detail = request(record, *keyed),
            _ => step.follows = record.cause,
        }
        let id = step.entry.id.clone();
        self.steps.push((began, step));
        Some(id)
    }

    fn told(&mut self, at: i64, entry: &journal::Entry, record: &Record) -> Step {
        let mut step = self.step(at, kind(entry.kind), &entry.name);
        let attempt = match record.origin {
            Origin::Task { attempt, .. } if entry.kind == journal::Kind::Call => attempt,
            _ => entry.attempt,
        };
        let told = &mut step.entry;
        told.at = Timestamp::from_micros(entry.started.unwrap_or(at));
        told.outcome = entry.outcome.as_deref().map(str::to_owned);
        told.peer = entry.peer.as_deref().map(str::to_owned);
        told.detail = entry.detail.as_deref().map(str::to_owned);
        told.attempt = (attempt > 0).then(|| attempt.saturating_add(1));
        (told.took_us, told.bytes) = (entry.took_us, entry.bytes);
        if entry.kind == journal::Kind::Message {
            told.outcome = Some("sent".to_owned());
            told.peer = entry.peer.as_deref().and_then(receiver);
        }
        if let Some(version) = entry.version {
            let id = told.detail.take().map(|id| format!("{id} ")).unwrap_or_default();
            told.detail = Some(format!("{id}v{version}"));
        }
        step.link = entry.link;
        step
    }

    fn step(&mut self, at: i64, kind: Kind, name: &str) -> Step {
        let number = if self.numbered.0 == at { self.numbered.1 + 1 } else { 0 };
        self.numbered = (at, number);
        let entry = Entry {
            id: format!("{}-{at}-{number}", self.service),
            at: Timestamp::from_micros(at),
            service: self.service.to_owned(),
            kind,
            name: name.to_owned(),
            peer: None,
            caused_by: None,
            took_us: None,
            outcome: None,
            attempt: None,
            bytes: None,
            detail: None,
        };
        Step { entry, link: None, follows: None, answers: None }
    }
}

const fn is_task(record: &Record) -> bool {
    matches!(record.origin, Origin::Task { .. })
}

const fn kind(kind: journal::Kind) -> Kind {
    match kind {
        journal::Kind::Command => Kind::Command,
        journal::Kind::Event => Kind::Event,
        journal::Kind::Message => Kind::Message,
        journal::Kind::Call => Kind::Call,
        journal::Kind::Saga => Kind::Saga,
        journal::Kind::Retry => Kind::Retry,
    }
}

/// The one service that has the messages of a topic; those of events and reports are for whoever wants them.
fn receiver(topic: &str) -> Option<String> {
    let (service, what) = topic.rsplit_once('.')?;
    (!matches!(what, "events" | "reports")).then(|| service.to_owned())
}

/// What a client's request is known by outside of here.
fn request(record: &Record, keyed: bool) -> Option<String> {
    let trace = record.trace_id().map(|trace| format!("trace {trace}"));
    let actor = record.actor.as_ref().map(|actor| format!("by {actor}"));
    let key = keyed.then(|| "with an Idempotency-Key".to_owned());
    let parts: Vec<_> = [trace, actor, key].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests;
