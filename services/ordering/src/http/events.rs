//! `GET /v1/orders/{id}/events`: the statuses of an order as they happen.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response, Sse, sse},
};
use chassis::{changes::Subscription, extract::Path, problem::Problem, shutdown::Drain, trace::about};
use contracts::OrderId;
use database::Database;
use futures_util::{Stream, StreamExt, stream};

use super::{Api, answer};
use crate::store::{Entry, Store};

/// How long a stream goes without looking by itself.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The name of the last event of a stream.
const OUTCOME: &str = "outcome";

/// Where a client stands: the version that it has seen, and whether it has seen that version's outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    seq: u64,
    outcome: bool,
}

/// One event per status from OPEN on, then one `outcome`, after which the server closes. `Last-Event-ID` resumes.
#[utoipa::path(
    get, path = "/v1/orders/{id}/events", tag = "orders",
    params(("id" = OrderId, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (status = 200, content_type = "text/event-stream", body = contracts::ordering::StatusChange),
        (status = 204, description = "Nothing can follow what was seen"),
        (status = 404, body = contracts::problem::Problem),
    )
)]
pub(super) async fn events(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    about("order.id", &id);
    // Before the first look, so that no status falls between the two.
    let subscription = api.changes.subscribe(id.uuid());
    let store = api.store.clone();
    let found = api.database.read(async move |tx| store.find(tx, id).await).await?;
    let order = found.ok_or_else(answer::unknown_order)?;
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(parse);
    let seen = seen.unwrap_or_default();
    if order.status.is_final() && seen >= outcome_of(&api, id).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let Api { database, store, stopping, .. } = api;
    let follower = Follower { database, store, id, seen, subscription, stopping, ended: false };
    Ok(Sse::new(follow(follower)).keep_alive(sse::KeepAlive::default()).into_response())
}

/// The last event of an order that is at its end.
async fn outcome_of(api: &Api, id: OrderId) -> Result<Seen, Problem> {
    let store = api.store.clone();
    let entries = api.database.read(async move |tx| store.statuses_after(tx, id, 0).await).await?;
    Ok(Seen { seq: entries.last().map_or(0, |entry| entry.seq), outcome: true })
}

struct Follower {
    database: Database,
    store: Store,
    id: OrderId,
    seen: Seen,
    subscription: Subscription,
    stopping: Drain,
    ended: bool,
}

fn follow(follower: Follower) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold(follower, |mut follower| async move {
        let events = follower.next().await?;
        Some((stream::iter(events.into_iter().map(Ok)), follower))
    })
    .flatten()
}

impl Follower {
    /// The next events, as soon as there are any; nothing once the stream is at its end.
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        while !self.ended {
            // The one seen last is read again: its outcome may still be to come.
            let (id, after) = (self.id, self.seen.seq.saturating_sub(1));
            let store = self.store.clone();
            let entries = self.database.read(async move |tx| store.statuses_after(tx, id, after).await).await;
            let Ok(entries) = entries else { return None };
            let events = self.unseen(&entries);
            if !events.is_empty() {
                return Some(events);
            }
            // Whether it was a notification or the time, the answer is to look again.
            tokio::select! {
                biased;
                _ = tokio::time::timeout(LOOK_EVERY, self.subscription.changed()) => {}
                // The client comes back elsewhere, with the last event that it has seen.
                () = self.stopping.requested() => return None,
            }
        }
        None
    }

    /// An outcome that something has followed is none any more: an invoice that was unpaid, and is paid by now.
    fn unseen(&mut self, entries: &[Entry]) -> Vec<sse::Event> {
        let mut events = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            if entry.entered && entry.seq > self.seen.seq {
                events.extend(event(entry, "status", entry.seq.to_string()));
                self.seen = Seen { seq: entry.seq, outcome: false };
            }
            let new = entry.seq > self.seen.seq || (entry.seq == self.seen.seq && !self.seen.outcome);
            if entry.is_outcome && new && index + 1 == entries.len() {
                events.extend(event(entry, OUTCOME, format!("{}-{OUTCOME}", entry.seq)));
                self.seen = Seen { seq: entry.seq, outcome: true };
                self.ended = true;
            }
        }
        events
    }
}

fn event(entry: &Entry, name: &str, id: String) -> Option<sse::Event> {
    // A struct of texts always serialises.
    sse::Event::default().id(id).event(name).json_data(&entry.change).ok()
}

fn parse(id: &str) -> Option<Seen> {
    match id.strip_suffix("-outcome") {
        Some(seq) => Some(Seen { seq: seq.parse().ok()?, outcome: true }),
        None => Some(Seen { seq: id.parse().ok()?, outcome: false }),
    }
}
