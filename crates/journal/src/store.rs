//! The journal's table.

use database::{Error, Kind, Migration, Row, Schema, Transaction, params};
use uuid::Uuid;

use crate::Record;

/// The table of the journal, for the database of a service.
///
/// A row is what one transaction did about one subject, as JSON; transactions of the same microsecond share a row, in the
/// order in which they were committed. That keeps the key short, and no number has to be found out for it. `owner` is
/// [whose](Transaction::owner) the transaction was: empty, unless several share the store.
pub const SCHEMA: Schema = Schema {
    name: "journal",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE journal (
                subject BYTEA NOT NULL,
                at BIGINT NOT NULL,
                owner TEXT NOT NULL,
                records TEXT NOT NULL,
                PRIMARY KEY (subject, at, owner)
            )",
    }],
};

database::statements! {
    /// Adds what a transaction did.
    pub const WRITE: "
        INSERT INTO journal (subject, at, owner, records) VALUES ($1, $2, $3, $4)
        ON CONFLICT (subject, at, owner) DO UPDATE SET records = journal.records || ',' || excluded.records";

    /// What was done about a subject.
    pub const READ: "SELECT at, records FROM journal WHERE subject = $1 AND owner = $2 ORDER BY at LIMIT $3";

    /// The latest that was done about a subject, backwards.
    pub const READ_LATEST: "
        SELECT at, records FROM journal WHERE subject = $1 AND owner = $2 AND at > $3 ORDER BY at DESC LIMIT $4";

    /// How much was done about a subject within a time.
    pub const COUNT: "SELECT COUNT(*) FROM journal WHERE subject = $1 AND owner = $2 AND at > $3 AND at < $4";

    /// When the service was started within a time.
    pub const STARTS: "
        SELECT at FROM journal WHERE subject = $1 AND owner = $2 AND at > $3 AND at <= $4 ORDER BY at LIMIT $5";

    /// What was done about the subject that was made first.
    pub const OLDEST: "SELECT subject, at FROM journal WHERE subject > $1 ORDER BY subject, at LIMIT 1";

    /// Forgets what was done long ago. A subject whose id is later than that has nothing so old.
    pub const FORGET: "
        DELETE FROM journal WHERE (subject, at) IN (
            SELECT subject, at FROM journal WHERE subject < $1 AND at < $2 ORDER BY subject, at LIMIT $3)";
}

/// The subject of rows that say when the service was started: no version of UUIDs is all zeros.
const STARTED: Uuid = Uuid::nil();

/// What one transaction did about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// When, in microseconds since the Unix epoch.
    pub at: i64,
    /// What, for each reason that it had.
    pub records: Vec<Record>,
}

/// What was done about a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// By which transactions, the earliest first.
    pub written: Vec<Written>,
    /// How many rows between the first and the last of them are left out.
    pub left_out: u64,
}

/// What transactions did about a subject, the earliest first: of more rows than `limit` the first half and the last, so
/// that how it began is told and what came of it. What another release wrote and this one cannot read is left out.
///
/// # Errors
/// If the store fails.
pub async fn read(tx: &mut Transaction, subject: Uuid, limit: u32) -> Result<Told, Error> {
    let row = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
    // One more than is told says whether there are more.
    let mut rows = tx.query(READ, params![subject, tx.owner(), limit.saturating_add(1)], row).await?;
    let mut left_out = 0;
    if rows.len() > limit as usize {
        let first = limit.div_ceil(2);
        rows.truncate(first as usize);
        let end = rows.last().map_or(i64::MIN, |(at, _)| *at);
        let mut latest = tx.query(READ_LATEST, params![subject, tx.owner(), end, limit - first], row).await?;
        latest.reverse();
        let begin = latest.first().map_or(i64::MAX, |(at, _)| *at);
        let between: i64 =
            tx.query_one(COUNT, params![subject, tx.owner(), end, begin], |row| row.get(0)).await?;
        left_out = between.unsigned_abs();
        rows.append(&mut latest);
    }
    let transactions = rows.into_iter().flat_map(|(at, text)| {
        let transactions: Vec<Vec<Record>> = serde_json::from_str(&format!("[{text}]")).unwrap_or_default();
        transactions.into_iter().map(move |records| Written { at, records })
    });
    Ok(Told { written: transactions.collect(), left_out })
}

/// Notes that the service was started at `at`, microseconds since the Unix epoch: between what it did before and after lies
/// an interruption.
///
/// # Errors
/// If the store fails.
pub async fn note_start(tx: &mut Transaction, at: i64) -> Result<(), Error> {
    tx.execute(WRITE, params![STARTED, at, tx.owner(), "[]"]).await.map(drop)
}

/// When the service was started after `from` and until `to`, at most `limit` times.
///
/// # Errors
/// If the store fails.
pub async fn starts(tx: &mut Transaction, from: i64, to: i64, limit: u32) -> Result<Vec<i64>, Error> {
    tx.query(STARTS, params![STARTED, tx.owner(), from, to, limit], |row| row.get(0)).await
}

/// Since when something may be kept that can be forgotten, in microseconds since the Unix epoch: since the oldest subject was
/// made of which anything is known.
///
/// # Errors
/// If the store fails.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    let row = |row: &Row<'_>| Ok((row.get::<Uuid>(0)?, row.get::<i64>(1)?));
    let first = tx.query_opt(OLDEST, params![STARTED], row).await?;
    Ok(first.map(|(subject, at)| at.min(made_at(subject))))
}

/// Forgets what was done before `before` (microseconds since the Unix epoch), at most `limit` rows of it; tells how many
/// there were.
///
/// Subjects are UUIDs of version 7: their order is that of the time at which they were made, so that what is old is found
/// where the primary key begins and needs no index of its own.
///
/// # Errors
/// If the store fails.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(FORGET, params![first_id_after(before), before, limit]).await
}

/// When a UUID of version 7 was made, in microseconds since the Unix epoch.
fn made_at(id: Uuid) -> i64 {
    i64::try_from((id.as_u128() >> 80) * 1000).unwrap_or(i64::MAX)
}

/// The least UUID of version 7 that is of a later millisecond.
fn first_id_after(micros: i64) -> Uuid {
    let millis = u64::try_from(micros / 1000).unwrap_or(0).saturating_add(1);
    Uuid::from_u128(u128::from(millis) << 80)
}
