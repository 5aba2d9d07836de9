//! The outbox: messages are written in the transaction that they tell of, and sent by a [`Relay`] afterwards.
//!
//! State and message are thus never written apart. The relay repeats what was sent but not marked as such by the time
//! of a crash, so a message is sent at least once.
//!
//! All envelopes of one outbox have the same [`source`](Envelope::source). What waits in it is bounded only by the
//! space its database may take; [`oldest`] tells how far behind the relay is.

mod due;
mod following;
mod marking;
mod relay;
mod step;
pub mod store;

use std::sync::Arc;

use database::{Error, Transaction, params};
use journal::Entry;
use tokio::sync::Notify;

pub use relay::{Options, Outcome, Relay};
pub use store::{SCHEMA, STATEMENTS};

use crate::{Envelope, Tally};
use following::{Handed, Hands, Place};

/// Puts a message for `topic` into the outbox, in the caller's transaction.
///
/// The relay finds it by polling; [`Handle::enqueue`] wakes it too.
///
/// # Errors
/// Those of a statement.
pub async fn enqueue(tx: &mut Transaction, topic: &str, envelope: &Envelope) -> Result<(), Error> {
    let one = Tally::one(envelope.fingerprint());
    put(tx, topic, envelope, Some(one)).await.map(drop)
}

/// Like [`enqueue`], for a message that repeats what was told before, so that a consumer can begin with it: neither
/// side counts it.
///
/// # Errors
/// Those of a statement.
pub async fn republish(tx: &mut Transaction, topic: &str, envelope: &Envelope) -> Result<(), Error> {
    put(tx, topic, envelope, None).await.map(drop)
}

async fn put(
    tx: &mut Transaction,
    topic: &str,
    envelope: &Envelope,
    counted: Option<Tally>,
) -> Result<(Place, Option<Tally>), Error> {
    let partition = u32::from(envelope.partition());
    let one = counted.unwrap_or_default();
    let place = params![topic, partition, tx.now(), one.count, one.sum];
    let (sequence, enqueued_at, tally): (u64, i64, Tally) = tx
        .query_one(store::TAKE_PLACE, place, |row| {
            Ok((row.get(0)?, row.get(1)?, Tally { count: row.get(2)?, sum: row.get(3)? }))
        })
        .await?;
    let tally = counted.map(|_| tally);
    let headers = envelope.attributes(tally);
    let row = params![
        topic,
        enqueued_at,
        partition,
        sequence,
        envelope.partition_key,
        envelope.id,
        envelope.aggregate_type(),
        envelope.subject,
        envelope.kind,
        headers,
        envelope.data.as_str(),
        counted.map(|one| one.sum)
    ];
    tx.execute(store::ENQUEUE, row).await?;
    let bytes = headers.len() + envelope.data.as_str().len();
    journal::note(tx, Entry::message(envelope.id, &envelope.kind, topic, bytes));
    Ok((Place { enqueued_at, partition, sequence, failures: None, bytes }, tally))
}

/// When the message that waits longest was put in: microseconds since the Unix epoch, or `None` if none waits.
///
/// # Errors
/// Those of a statement.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    let mut oldest: Option<i64> = None;
    for topic in topics(tx).await? {
        let first: Option<i64> = tx.query_one(store::OLDEST, params![topic], |row| row.get(0)).await?;
        oldest = [oldest, first].into_iter().flatten().min();
    }
    Ok(oldest)
}

/// A key whose first message could not be sent, so that all its messages wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The topic.
    pub topic: String,
    /// The partition key.
    pub key: String,
    /// How often it has failed.
    pub failures: u32,
    /// When it is tried again, in microseconds since the Unix epoch.
    pub retry_at: i64,
    /// Why it failed last.
    pub error: String,
}

/// How many messages wait.
///
/// # Errors
/// Those of a statement.
pub async fn waiting(tx: &mut Transaction) -> Result<u64, Error> {
    tx.query_one(store::WAITING, params![], |row| row.get(0)).await
}

/// How many keys are held back.
///
/// # Errors
/// Those of a statement.
pub async fn held_keys(tx: &mut Transaction) -> Result<u64, Error> {
    tx.query_one(store::HELD_KEYS, params![], |row| row.get(0)).await
}

/// The keys that are held back, at most `limit`.
///
/// # Errors
/// Those of a statement.
pub async fn held(tx: &mut Transaction, limit: u64) -> Result<Vec<Held>, Error> {
    tx.query(store::HELD, params![limit], |row| {
        Ok(Held {
            topic: row.get(0)?,
            key: row.get(1)?,
            failures: row.get(2)?,
            retry_at: row.get(3)?,
            error: row.get(4)?,
        })
    })
    .await
}

/// The topics that have messages waiting, each found by one step in the index.
async fn topics(tx: &mut Transaction) -> Result<Vec<String>, Error> {
    let mut topics: Vec<String> = Vec::new();
    loop {
        let after = topics.last().map_or("", String::as_str);
        match tx.query_one(store::NEXT_TOPIC, params![after], |row| row.get(0)).await? {
            Some(topic) => topics.push(topic),
            None => return Ok(topics),
        }
    }
}

/// Hands messages to a [`Relay`] and wakes it; clones do so to the same one.
#[derive(Clone, Debug, Default)]
pub struct Handle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    hands: Hands,
    woken: Notify,
}

impl Handle {
    /// Puts a message into the outbox, as [`enqueue`] does, and hands it to the relay once it is committed.
    ///
    /// # Errors
    /// Those of a statement.
    pub async fn enqueue(&self, tx: &mut Transaction, topic: &str, envelope: &Envelope) -> Result<(), Error> {
        let one = Tally::one(envelope.fingerprint());
        let (place, tally) = put(tx, topic, envelope, Some(one)).await?;
        let (handle, topic) = (self.clone(), topic.to_owned());
        let envelope = Envelope { tally, ..envelope.clone() };
        tx.after_commit(move || {
            handle.0.hands.give(Handed { topic, place, envelope });
            handle.0.woken.notify_one();
        });
        Ok(())
    }

    /// Has the relay look into the outbox once this transaction is committed.
    pub fn wake_after_commit(&self, tx: &mut Transaction) {
        let handle = self.clone();
        tx.after_commit(move || handle.wake());
    }

    /// Has the relay look into the outbox.
    pub fn wake(&self) {
        self.0.hands.overlook();
        self.0.woken.notify_one();
    }

    async fn woken(&self) {
        self.0.woken.notified().await;
    }

    /// What was committed since this was called last, and whether that is all.
    fn take(&self) -> (Vec<Handed>, bool) {
        self.0.hands.take()
    }
}
