//! Where sagas are kept: how far each has come. Its log is the part of the [journal](journal::read) that tells of it.

use database::{Kind, Migration, Row, Schema, Transaction, params, statements};
use uuid::Uuid;

use crate::{Definition, Progress, runner::Error};

/// The table of sagas; every step that they take stands in the [journal](journal::SCHEMA), which has a table of its own.
pub const SCHEMA: Schema = Schema {
    name: "saga",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE sagas (
    saga_id      BYTEA  NOT NULL,
    name         TEXT   NOT NULL,
    definition   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    phase        TEXT   NOT NULL,
    progress     TEXT   NOT NULL,
    traceparent  TEXT,
    memory       TEXT,
    started_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    unfinished   BIGINT,
    CONSTRAINT sagas_pk PRIMARY KEY (saga_id, name)
);
CREATE INDEX sagas_unfinished ON sagas (unfinished) WHERE unfinished IS NOT NULL;
CREATE INDEX sagas_finished ON sagas (changed_at) WHERE phase IN ('completed', 'unwound');
",
    }],
};

statements! {
    /// One saga.
    pub(crate) const LOAD: "SELECT definition, version, progress, traceparent, memory FROM sagas WHERE saga_id = $1 AND name = $2";
    /// Begins a saga.
    pub(crate) const INSERT: "INSERT INTO sagas (saga_id, name, definition, version, phase, progress, traceparent, started_at, changed_at, unfinished, memory) \
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $7, CASE WHEN $8 = 1 THEN CAST($7 AS BIGINT) END, $9)";
    /// Moves a saga on, unless somebody else did.
    pub(crate) const UPDATE: "UPDATE sagas SET version = version + 1, phase = $4, progress = $5, changed_at = $6, unfinished = CASE WHEN $7 = 1 THEN started_at END, memory = $8 \
        WHERE saga_id = $1 AND name = $2 AND version = $3";
    /// A saga's row.
    const SUMMARY: "SELECT name, definition, phase, progress, started_at, changed_at FROM sagas WHERE saga_id = $1";
    /// How many sagas are under way.
    const UNFINISHED: "SELECT COUNT(*) FROM sagas WHERE unfinished IS NOT NULL";
    /// How many sagas are under way in each phase.
    const UNFINISHED_BY_PHASE: "SELECT phase, COUNT(*) FROM sagas WHERE unfinished IS NOT NULL GROUP BY phase ORDER BY phase";
    /// When the oldest saga under way began.
    const OLDEST: "SELECT MIN(unfinished) FROM sagas WHERE unfinished IS NOT NULL";
    /// When the saga ended that is over longest.
    const OLDEST_FINISHED: "SELECT MIN(changed_at) FROM sagas WHERE phase IN ('completed', 'unwound')";
    /// Forgets some sagas that were over long ago.
    const FORGET: "DELETE FROM sagas WHERE (saga_id, name) IN (SELECT saga_id, name FROM sagas \
        WHERE phase IN ('completed', 'unwound') AND changed_at < $1 ORDER BY changed_at LIMIT $2)";
}

/// One saga, as it is kept.
#[derive(Debug)]
pub struct Instance<D: Definition> {
    /// How far it has come.
    pub progress: Progress<D>,
    /// How often it was written; 0 for one that was not begun.
    pub(crate) version: i64,
    /// The trace of the request that began it.
    pub traceparent: Option<String>,
    /// What it was told to remember: something that an answer brought and that a later request needs.
    pub memory: Option<String>,
}

/// One line of a saga's log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogEntry {
    /// Its number within the saga, from 1.
    pub seq: i64,
    /// When, in microseconds since the Unix epoch.
    pub at: i64,
    /// The step that it is about; `saga` for the whole.
    pub step: String,
    /// What happened.
    pub entry: String,
    /// More about it.
    pub detail: Option<String>,
}

/// One saga, for those who look at it from outside.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Which saga it is one of.
    pub name: String,
    /// The version of the definition that began it.
    pub definition: i64,
    /// Which way it goes.
    pub phase: String,
    /// How far each step has come.
    pub progress: serde_json::Value,
    /// When it began, in microseconds since the Unix epoch.
    pub started_at: i64,
    /// When it last moved.
    pub changed_at: i64,
}

pub(crate) async fn load<D: Definition>(tx: &mut Transaction, id: Uuid) -> Result<Instance<D>, Error> {
    let row = |row: &Row<'_>| {
        let (definition, version, progress) = (row.get::<i64>(0)?, row.get(1)?, row.get::<String>(2)?);
        Ok((definition, version, progress, row.get(3)?, row.get(4)?))
    };
    let Some((definition, version, progress, traceparent, memory)) =
        tx.query_opt(LOAD, params![id, D::NAME], row).await?
    else {
        return Ok(Instance { progress: Progress::default(), version: 0, traceparent: None, memory: None });
    };
    if definition != i64::from(D::VERSION) {
        return Err(Error::UnknownDefinition { saga: D::NAME, version: definition });
    }
    let progress =
        serde_json::from_str(&progress).map_err(|source| Error::Unreadable { saga: D::NAME, source })?;
    Ok(Instance { progress, version, traceparent, memory })
}

pub(crate) async fn save<D: Definition>(
    tx: &mut Transaction,
    id: Uuid,
    instance: &Instance<D>,
) -> Result<(), Error> {
    let now = tx.now();
    let unfinished = i64::from(!instance.progress.is_at_rest());
    let phase = instance.progress.phase().name();
    let progress = serde_json::to_string(&instance.progress)
        .map_err(|source| Error::Unreadable { saga: D::NAME, source })?;
    let (definition, memory) = (i64::from(D::VERSION), instance.memory.as_deref());
    let changed = if instance.version == 0 {
        let traceparent = instance.traceparent.as_deref();
        let row = params![id, D::NAME, definition, phase, progress, traceparent, now, unfinished, memory];
        tx.execute(INSERT, row).await?
    } else {
        let row = params![id, D::NAME, instance.version, phase, progress, now, unfinished, memory];
        tx.execute(UPDATE, row).await?
    };
    if changed == 1 { Ok(()) } else { Err(tx.conflict("saga").into()) }
}

/// The most transactions whose lines a log shows, the earliest.
const MOST_LOGGED: u32 = 1000;

/// Every line of a saga's log, in order, and the retries of its tasks.
///
/// # Errors
/// If the store fails.
pub async fn log(tx: &mut Transaction, id: Uuid) -> Result<Vec<LogEntry>, database::Error> {
    let mut log = Vec::new();
    for written in journal::read(tx, id, MOST_LOGGED).await?.written {
        for entry in written.records.into_iter().flat_map(|record| record.entries) {
            let what = match entry.kind {
                journal::Kind::Saga => entry.outcome.unwrap_or_default(),
                journal::Kind::Retry => "retry".into(),
                _ => continue,
            };
            log.push(LogEntry {
                seq: log.len() as i64 + 1,
                at: written.at,
                step: entry.name.into_owned(),
                entry: what.into_owned(),
                detail: entry.detail.map(Into::into),
            });
        }
    }
    Ok(log)
}

/// The sagas of this id.
///
/// # Errors
/// If the store fails.
pub async fn summary(tx: &mut Transaction, id: Uuid) -> Result<Option<Summary>, database::Error> {
    tx.query_opt(SUMMARY, params![id], |row| {
        let progress = row.get::<String>(3)?;
        Ok(Summary {
            name: row.get(0)?,
            definition: row.get(1)?,
            phase: row.get(2)?,
            progress: serde_json::from_str(&progress).unwrap_or(serde_json::Value::String(progress)),
            started_at: row.get(4)?,
            changed_at: row.get(5)?,
        })
    })
    .await
}

/// How many sagas are under way, those at rest left out.
///
/// # Errors
/// If the store fails.
pub async fn unfinished(tx: &mut Transaction) -> Result<i64, database::Error> {
    tx.query_one(UNFINISHED, params![], |row| row.get(0)).await
}

/// How many sagas are under way in each phase that has any, by the phase's name.
///
/// # Errors
/// If the store fails.
pub async fn unfinished_by_phase(tx: &mut Transaction) -> Result<Vec<(String, i64)>, database::Error> {
    tx.query(UNFINISHED_BY_PHASE, params![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Since when the oldest saga is under way, in microseconds since the Unix epoch.
///
/// # Errors
/// If the store fails.
pub async fn oldest_unfinished(tx: &mut Transaction) -> Result<Option<i64>, database::Error> {
    tx.query_one(OLDEST, params![], |row| row.get(0)).await
}

/// When the saga ended that is over longest, in microseconds since the Unix epoch. One that rests is not over: somebody
/// will move it on.
///
/// # Errors
/// If the store fails.
pub async fn oldest_finished(tx: &mut Transaction) -> Result<Option<i64>, database::Error> {
    tx.query_one(OLDEST_FINISHED, params![], |row| row.get(0)).await
}

/// Forgets sagas that were over before `before` (microseconds since the Unix epoch), at most `limit` of them; their logs are
/// the [journal's](journal::forget). Returns how many there were.
///
/// Answers that come later find a saga that was not begun, to which nothing but a start means anything. Whoever may start
/// one again with the same id has to know by other means that it is over.
///
/// # Errors
/// If the store fails.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, database::Error> {
    tx.execute(FORGET, params![before, limit]).await
}
