//! One step with one topic: publish a batch, then take what was confirmed out of the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use database::leases::{self, Token};
use database::{Database, Error, Row, Transaction, params};

use super::following::Place;
use super::store;
use crate::backoff::{Backoff, micros};
use crate::broker::{Cause, HeldBack};
use crate::causes::with_causes;
use crate::observe::Observed;
use crate::span::Sending;
use crate::{Envelope, PublishError, Publisher};

/// The first messages of a topic.
pub(super) struct Batch {
    pub(super) topic: String,
    pub(super) places: Vec<Place>,
    envelopes: Vec<Envelope>,
}

/// What a batch is relayed by.
pub(super) struct By {
    pub(super) db: Database,
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) token: Token,
    pub(super) backoff: Backoff,
    pub(super) observed: Observed,
}

/// What became of a batch.
pub(super) struct Done {
    pub(super) topic: String,
    pub(super) confirmed: usize,
    pub(super) failed: usize,
    /// Why nothing can be published to the topic.
    pub(super) pause: Option<PublishError>,
    /// What was confirmed and is still to be taken out of the outbox.
    pub(super) unmarked: Vec<Place>,
    /// Why what was confirmed could not be marked, and is going to be sent again.
    pub(super) error: Option<Error>,
}

impl Batch {
    pub(super) async fn read(tx: &mut Transaction, topic: String, limit: usize) -> Result<Self, Error> {
        let now = tx.now();
        let rows = tx.query(store::BATCH, params![topic, now, limit as u64], Self::row).await?;
        let mut batch =
            Self { topic, places: Vec::with_capacity(rows.len()), envelopes: Vec::with_capacity(rows.len()) };
        for (mut place, headers, payload) in rows {
            place.bytes = headers.len() + payload.len();
            // Only a damaged row cannot be read. It is sent as what it is, so that it is seen and nothing waits for it.
            let envelope = Envelope::from_parts(&headers, payload).unwrap_or_else(|error| {
                let origin = format!("outbox/{}/{}/{}", batch.topic, place.partition, place.sequence);
                Envelope::unreadable(&origin, &headers, &error)
            });
            batch.places.push(place);
            batch.envelopes.push(envelope);
        }
        Ok(batch)
    }

    /// What was handed over.
    pub(super) fn of(topic: String, messages: Vec<(Place, Envelope)>) -> Self {
        let (places, envelopes) = messages.into_iter().unzip();
        Self { topic, places, envelopes }
    }

    fn row(row: &Row<'_>) -> Result<(Place, String, String), Error> {
        let place = Place {
            enqueued_at: row.get(0)?,
            partition: row.get(1)?,
            sequence: row.get(2)?,
            failures: row.get(5)?,
            bytes: 0,
        };
        Ok((place, row.get(3)?, row.get(4)?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
    }

    /// Publishes the batch. What was confirmed is marked by the caller, unless there is more to write: then that is done
    /// here, at once.
    pub(super) async fn relay(mut self, by: By) -> Done {
        let By { db, publisher, token, backoff, observed } = by;
        let (topic, total) = (self.topic.clone(), self.envelopes.len());
        let mut failed = BTreeMap::new();
        let sending = Sending::begin(&topic, &mut self.envelopes);
        match publisher.publish(&topic, &self.envelopes).await {
            Ok(()) => {}
            Err(PublishError::Partly { failures, .. }) => {
                failed.extend(failures.into_iter().map(|failure| (failure.index, failure.cause)));
                let told = |(index, cause): (&usize, &Cause)| {
                    sending.failed(*index, kind(cause), &cause.to_string());
                };
                failed.iter().for_each(told);
            }
            Err(error) => {
                sending.all_failed("unavailable", &with_causes(&error));
                observed.tell(|observer| observer.relayed(&topic, 0, total));
                return Done { failed: total, pause: Some(error), ..Done::of(topic) };
            }
        }
        drop(sending);
        let (failures, now) = (failed.len(), db.now());
        observed.tell(|observer| observer.relayed(&topic, total - failures, failures));
        let mut mark = Mark::default();
        for (index, (place, envelope)) in self.places.into_iter().zip(self.envelopes).enumerate() {
            match failed.remove(&index) {
                None => {
                    let waited =
                        Duration::from_micros(now.saturating_sub(place.enqueued_at).max(0).unsigned_abs());
                    observed.tell(|observer| observer.sent(&topic, &envelope, place.bytes, waited));
                    mark.confirm(place, &envelope);
                }
                Some(cause) if cause.is::<HeldBack>() => {}
                Some(cause) => mark.hold(place, envelope, with_causes(&*cause)),
            }
        }
        let done = Done { confirmed: total - failures, failed: failures, ..Done::of(topic.clone()) };
        if mark.is_plain() {
            return Done { unmarked: mark.confirmed, ..done };
        }
        let error = mark.write(&db, topic, token, backoff).await.err();
        Done { error, ..done }
    }
}

impl Done {
    /// Nothing yet.
    fn of(topic: String) -> Self {
        Self { topic, confirmed: 0, failed: 0, pause: None, unmarked: Vec::new(), error: None }
    }
}

/// Takes messages out of the outbox that were confirmed, if `token` still tells who may.
pub(super) async fn confirm(
    db: &Database,
    token: Token,
    confirmed: BTreeMap<String, Vec<Place>>,
) -> Result<(), Error> {
    db.write(async move |tx| {
        leases::check(tx, &token).await?;
        for (topic, places) in &confirmed {
            take_out(tx, topic, places).await?;
        }
        Ok(())
    })
    .await
}

async fn take_out(tx: &mut Transaction, topic: &str, places: &[Place]) -> Result<(), Error> {
    for Place { enqueued_at, partition, sequence, .. } in places {
        tx.execute(store::CONFIRM, params![topic, enqueued_at, partition, sequence]).await?;
    }
    Ok(())
}

/// Why a message was not taken, as its span names it.
fn kind(cause: &Cause) -> &'static str {
    if cause.is::<HeldBack>() { "held_back" } else { "refused" }
}

/// What to write once a batch was published.
#[derive(Default)]
struct Mark {
    /// Where each confirmed message is.
    confirmed: Vec<Place>,
    /// Keys that are not to be held any longer.
    let_go: Vec<String>,
    /// The first message of each key that failed, and why.
    held: BTreeMap<String, (Place, Envelope, String)>,
}

impl Mark {
    fn confirm(&mut self, place: Place, envelope: &Envelope) {
        self.confirmed.push(place);
        if place.failures.is_some() && !self.let_go.contains(&envelope.partition_key) {
            self.let_go.push(envelope.partition_key.clone());
        }
    }

    /// Whether there is nothing to write but what was confirmed.
    fn is_plain(&self) -> bool {
        self.let_go.is_empty() && self.held.is_empty()
    }

    fn hold(&mut self, place: Place, envelope: Envelope, error: String) {
        self.held.entry(envelope.partition_key.clone()).or_insert((place, envelope, error));
    }

    async fn write(self, db: &Database, topic: String, token: Token, backoff: Backoff) -> Result<(), Error> {
        db.write(async move |tx| {
            leases::check(tx, &token).await?;
            take_out(tx, &topic, &self.confirmed).await?;
            for key in &self.let_go {
                tx.execute(store::LET_GO, params![topic, key]).await?;
            }
            for (key, (place, envelope, error)) in &self.held {
                let failures = place.failures.unwrap_or(0).saturating_add(1);
                let retry_at = tx.now().saturating_add(micros(backoff.wait(envelope.id, failures)));
                tx.execute(store::HOLD, params![topic, key, failures, retry_at, error]).await?;
            }
            Ok(())
        })
        .await
    }
}
