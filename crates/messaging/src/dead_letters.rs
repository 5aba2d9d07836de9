//! What is parked, for those who look after it.
//!
//! Everything here works on the consumer's database, in the caller's transaction. A message is known by its id; if
//! several consumers over the same database have parked it, all of them are meant: of a database that several services
//! [share](database::Database::owned_by), only the one that is called as the owner of the handle.

use database::{Error, Row, Transaction, params, statements};
use serde::Serialize;
use uuid::Uuid;

use crate::Envelope;
use crate::inbox::{self, Counted, Scope, count as count_message, store};

statements! {
    /// The first message of each blocked key, those longest blocked first.
    pub const LIST: "
        SELECT b.consumer, b.topic, b.partitionkey, b.failures, b.retry_at, b.blocked_at, b.error,
               p.message_id, p.envelope, 0, (
                   SELECT count(*) - 1 FROM inbox_parked o
                   WHERE o.consumer = b.consumer AND o.topic = b.topic AND o.partitionkey = b.partitionkey)
        FROM inbox_blocked b
        JOIN inbox_parked p ON p.consumer = b.consumer AND p.topic = b.topic AND p.partitionkey = b.partitionkey
        WHERE p.place = (
            SELECT min(place) FROM inbox_parked o
            WHERE o.consumer = b.consumer AND o.topic = b.topic AND o.partitionkey = b.partitionkey)
        AND ($2 = '' OR b.consumer = $2)
        ORDER BY b.blocked_at, b.consumer, b.topic, b.partitionkey LIMIT $1";

    /// A parked message.
    pub const SHOW: "
        SELECT b.consumer, b.topic, b.partitionkey, b.failures, b.retry_at, b.blocked_at, b.error,
               p.message_id, p.envelope,
               (SELECT count(*) FROM inbox_parked o
                WHERE o.consumer = b.consumer AND o.topic = b.topic AND o.partitionkey = b.partitionkey
                AND o.place < p.place),
               (SELECT count(*) FROM inbox_parked o
                WHERE o.consumer = b.consumer AND o.topic = b.topic AND o.partitionkey = b.partitionkey
                AND o.place > p.place)
        FROM inbox_parked p
        JOIN inbox_blocked b ON b.consumer = p.consumer AND b.topic = p.topic AND b.partitionkey = p.partitionkey
        WHERE p.message_id = $1 AND ($2 = '' OR b.consumer = $2) ORDER BY b.consumer, b.topic";

    /// How many messages are parked, those to be tried again by themselves included.
    pub const PARKED: "SELECT count(*) FROM inbox_parked WHERE $1 = '' OR consumer = $1";

    /// How many keys wait for an operator.
    pub const STUCK: "SELECT count(*) FROM inbox_blocked WHERE retry_at IS NULL AND ($1 = '' OR consumer = $1)";

    /// Has the key of a parked message tried again as if it had not failed.
    pub const RETRY: "
        UPDATE inbox_blocked SET retry_at = $2, failures = 0 WHERE (consumer, topic, partitionkey) IN (
            SELECT consumer, topic, partitionkey FROM inbox_parked WHERE message_id = $1 AND ($3 = '' OR consumer = $3))";

    /// Takes a message out of those parked, for every consumer.
    pub const TAKE: "
        DELETE FROM inbox_parked WHERE message_id = $1 AND ($2 = '' OR consumer = $2)
        RETURNING consumer, topic, partitionkey, place, envelope";

    /// Has a key tried again as if it had not failed, if no message before a place is parked.
    pub const RETRY_FROM: "
        UPDATE inbox_blocked SET retry_at = $5, failures = 0
        WHERE consumer = $1 AND topic = $2 AND partitionkey = $3 AND NOT EXISTS (
            SELECT 1 FROM inbox_parked
            WHERE consumer = $1 AND topic = $2 AND partitionkey = $3 AND place < $4)";

    /// Remembers that a message was discarded.
    pub const DISCARD: "
        INSERT INTO inbox_discarded (
            consumer, topic, message_id, source, type, subject, version, previous_version,
            discarded_by, discarded_at, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (consumer, topic, message_id) DO NOTHING";

    /// When the oldest discard took place that no aggregate's chain needs.
    pub const OLDEST_DISCARD: "
        SELECT discarded_at FROM inbox_discarded d WHERE version IS NULL OR EXISTS (
            SELECT 1 FROM inbox_versions v
            WHERE v.consumer = d.consumer AND v.topic = d.topic AND v.subject = d.subject AND v.version >= d.version)
        ORDER BY discarded_at LIMIT 1";

    /// Forgets some discards of long ago that no aggregate's chain needs.
    pub const FORGET_DISCARDS: "
        DELETE FROM inbox_discarded WHERE (consumer, topic, message_id) IN (
            SELECT consumer, topic, message_id FROM inbox_discarded d
            WHERE discarded_at < $1 AND (version IS NULL OR EXISTS (
                SELECT 1 FROM inbox_versions v
                WHERE v.consumer = d.consumer AND v.topic = d.topic AND v.subject = d.subject AND v.version >= d.version))
            ORDER BY discarded_at LIMIT $2)";

    /// What was discarded, the latest first.
    pub const DISCARDED: "
        SELECT consumer, topic, message_id, source, type, subject, version, discarded_by, discarded_at, reason
        FROM inbox_discarded WHERE $2 = '' OR consumer = $2 ORDER BY discarded_at DESC, consumer, topic, message_id LIMIT $1";
}

/// A parked message, and what its key waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Who could not handle it.
    pub consumer: String,
    /// On which topic it came.
    pub topic: String,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub kind: String,
    /// The aggregate that it is about.
    pub subject: String,
    /// The key that it blocks, or waits for.
    pub key: String,
    /// How many messages of its key are parked before it.
    pub ahead: u64,
    /// How many messages of its key are parked after it.
    pub behind: u64,
    /// How often the first message of the key has failed.
    pub failures: u32,
    /// Why it failed last.
    pub error: String,
    /// Since when the key is blocked, in microseconds since the Unix epoch.
    pub blocked_at: i64,
    /// When it is tried again by itself, in microseconds since the Unix epoch; `None` if it waits for an operator.
    pub retry_at: Option<i64>,
    /// The message itself.
    #[serde(skip)]
    pub envelope: Envelope,
}

/// A message that an operator has discarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discard {
    /// Who did not handle it.
    pub consumer: String,
    /// On which topic it came.
    pub topic: String,
    /// Its id.
    pub id: Uuid,
    /// Who sent it.
    pub source: String,
    /// Its type.
    pub kind: String,
    /// The aggregate that it was about.
    pub subject: String,
    /// The version of that aggregate.
    pub version: Option<u64>,
    /// Who discarded it.
    pub by: String,
    /// When, in microseconds since the Unix epoch.
    pub at: i64,
    /// Why.
    pub reason: String,
}

/// The first message of each blocked key, at most `limit`, those longest blocked first.
///
/// # Errors
/// Those of a statement.
pub async fn list(tx: &mut Transaction, limit: u64) -> Result<Vec<DeadLetter>, Error> {
    tx.query(LIST, params![limit, tx.owner()], dead_letter).await
}

/// A parked message, once for each consumer that has parked it.
///
/// # Errors
/// Those of a statement.
pub async fn show(tx: &mut Transaction, id: Uuid) -> Result<Vec<DeadLetter>, Error> {
    tx.query(SHOW, params![id, tx.owner()], dead_letter).await
}

/// How many messages are parked, those to be tried again by themselves included.
///
/// # Errors
/// Those of a statement.
pub async fn count(tx: &mut Transaction) -> Result<u64, Error> {
    tx.query_one(PARKED, params![tx.owner()], |row| row.get(0)).await
}

/// How many keys wait for an operator.
///
/// # Errors
/// Those of a statement.
pub async fn stuck(tx: &mut Transaction) -> Result<u64, Error> {
    tx.query_one(STUCK, params![tx.owner()], |row| row.get(0)).await
}

/// Has the messages parked of the same key as `id` tried again, from the first on in their order, as if they had not
/// failed. It is done by the consumer, which finds them by polling unless its [handle](crate::consumer::Handle) wakes
/// it. Returns for how many consumers; 0 if the message is not parked.
///
/// # Errors
/// Those of a statement.
pub async fn retry(tx: &mut Transaction, id: Uuid) -> Result<u64, Error> {
    tx.execute(RETRY, params![id, tx.now(), tx.owner()]).await
}

/// Has a parked message never handled; the later ones of its key are tried again if it was the first. Remembers who
/// did so and why, until [`forget`]. Returns for how many consumers; 0 if the message is not parked.
///
/// # Errors
/// Those of a statement.
pub async fn discard(tx: &mut Transaction, id: Uuid, by: &str, reason: &str) -> Result<u64, Error> {
    let taken = tx
        .query(TAKE, params![id, tx.owner()], |row| {
            let (consumer, topic): (String, String) = (row.get(0)?, row.get(1)?);
            let (key, place): (String, u64) = (row.get(2)?, row.get(3)?);
            Ok((consumer, topic, key, place, envelope(id, &row.get::<String>(4)?)))
        })
        .await?;
    for (consumer, topic, key, place, message) in &taken {
        discard_one(tx, consumer, topic, message, by, reason).await?;
        tx.execute(store::UNBLOCK, params![consumer, topic, key]).await?;
        tx.execute(RETRY_FROM, params![consumer, topic, key, *place, tx.now()]).await?;
    }
    Ok(taken.len() as u64)
}

async fn discard_one(
    tx: &mut Transaction,
    consumer: &str,
    topic: &str,
    message: &Envelope,
    by: &str,
    reason: &str,
) -> Result<(), Error> {
    let now = tx.now();
    let row = params![
        consumer,
        topic,
        message.id,
        message.source,
        message.kind,
        message.subject,
        message.version,
        message.previous_version,
        by,
        now,
        reason
    ];
    tx.execute(DISCARD, row).await?;
    let scope = Scope { consumer: consumer.into(), topic: topic.into(), max_parked: 0 };
    // If it is delivered again it is a duplicate.
    inbox::remember(tx, &scope, message).await?;
    count_message(tx, &scope, message, Counted::Discarded).await
}

/// What was discarded, at most `limit`, the latest first.
///
/// # Errors
/// Those of a statement.
pub async fn discards(tx: &mut Transaction, limit: u64) -> Result<Vec<Discard>, Error> {
    tx.query(DISCARDED, params![limit, tx.owner()], |row| {
        Ok(Discard {
            consumer: row.get(0)?,
            topic: row.get(1)?,
            id: row.get(2)?,
            source: row.get(3)?,
            kind: row.get(4)?,
            subject: row.get(5)?,
            version: row.get(6)?,
            by: row.get(7)?,
            at: row.get(8)?,
            reason: row.get(9)?,
        })
    })
    .await
}

/// When the oldest discard took place that [`forget`] can forget, in microseconds since the Unix epoch.
///
/// # Errors
/// Those of a statement.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    tx.query_opt(OLDEST_DISCARD, params![], |row| row.get(0)).await
}

/// Forgets discards from before `before` (microseconds since the Unix epoch), at most `limit` of them. Returns how many
/// there were.
///
/// They stay counted. One stays altogether until its aggregate has come to a later version: the next message names the
/// discarded version as the one before it, and without the discard would wait for it for ever.
///
/// # Errors
/// Those of a statement.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(FORGET_DISCARDS, params![before, limit]).await
}

fn dead_letter(row: &Row<'_>) -> Result<DeadLetter, Error> {
    let id = row.get(7)?;
    let envelope = envelope(id, &row.get::<String>(8)?);
    Ok(DeadLetter {
        consumer: row.get(0)?,
        topic: row.get(1)?,
        id,
        kind: envelope.kind.clone(),
        subject: envelope.subject.clone(),
        key: row.get(2)?,
        ahead: row.get(9)?,
        behind: row.get(10)?,
        failures: row.get(3)?,
        error: row.get(6)?,
        blocked_at: row.get(5)?,
        retry_at: row.get(4)?,
        envelope,
    })
}

/// What was parked; only a damaged row holds something else than an envelope.
fn envelope(id: Uuid, json: &str) -> Envelope {
    Envelope::from_json(json)
        .unwrap_or_else(|error| Envelope { id, ..Envelope::unreadable(&id.to_string(), json, &error) })
}
