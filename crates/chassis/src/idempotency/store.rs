//! Where answers are kept.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use contracts::problem::MEDIA_TYPE;
use database::{Error, Kind, Migration, Row, Schema, Transaction, params};

use super::{Answer, Answered};
use crate::problem::Problem;

/// The table, for [`Database::open`](database::Database::open).
pub const SCHEMA: Schema = Schema {
    name: "idempotency",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE idempotency (
                key BYTEA PRIMARY KEY,
                fingerprint BYTEA NOT NULL,
                status BIGINT NOT NULL,
                headers TEXT NOT NULL,
                body BYTEA NOT NULL,
                created_at BIGINT NOT NULL
            );
            CREATE INDEX idempotency_by_age ON idempotency (created_at)",
    }],
};

database::statements! {
    /// The answer kept for a key.
    pub const FIND: "SELECT fingerprint, status, headers, body FROM idempotency WHERE key = $1";

    /// Keeps an answer, unless another replica was first.
    pub const KEEP: "
        INSERT INTO idempotency (key, fingerprint, status, headers, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (key) DO NOTHING";

    /// When the oldest answer was given.
    pub const OLDEST: "SELECT min(created_at) FROM idempotency";

    /// Forgets some of the answers that are old enough, the oldest first.
    pub const FORGET: "
        DELETE FROM idempotency WHERE key IN (
            SELECT key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
}

/// A key within its scope, and a hash of the request that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopedKey {
    pub(super) key: [u8; 32],
    pub(super) fingerprint: [u8; 32],
}

/// What is known of a key.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Fresh,
    /// The answer to the same request.
    Answered(StoredAnswer),
    /// That it stood for another request.
    Mismatch,
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    status: u32,
    headers: String,
    body: Vec<u8>,
}

/// What is known of `key`.
///
/// # Errors
/// Those of a statement.
pub async fn lookup(tx: &mut Transaction, key: &ScopedKey) -> Result<Found, Error> {
    let read = |row: &Row<'_>| {
        let fingerprint: Vec<u8> = row.get(0)?;
        let stored = StoredAnswer { status: row.get(1)?, headers: row.get(2)?, body: row.get(3)? };
        Ok((fingerprint, stored))
    };
    Ok(match tx.query_opt(FIND, params![key.key.as_slice()], read).await? {
        None => Found::Fresh,
        Some((fingerprint, stored)) if fingerprint == key.fingerprint => Found::Answered(stored),
        Some(_) => Found::Mismatch,
    })
}

/// Keeps `answer` for `key`; `false` if another replica has kept one since the [`lookup`].
///
/// # Errors
/// Those of a statement.
pub async fn store(tx: &mut Transaction, key: &ScopedKey, answer: &Answer) -> Result<bool, Error> {
    let status = u32::from(answer.status.as_u16());
    let (headers, now) = (to_text(&answer.headers), tx.now());
    let (hash, fingerprint) = (key.key.as_slice(), key.fingerprint.as_slice());
    let rows = tx.execute(KEEP, params![hash, fingerprint, status, headers, answer.body, now]).await?;
    Ok(rows == 1)
}

/// When the oldest answer that is kept was given, in microseconds since the Unix epoch.
///
/// # Errors
/// Those of a statement.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    tx.query_one(OLDEST, params![], |row| row.get(0)).await
}

/// Forgets answers given before `before` (microseconds since the Unix epoch), at most `limit` of them. Returns how many
/// there were.
///
/// # Errors
/// Those of a statement.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(FORGET, params![before, limit]).await
}

/// One header a line.
fn to_text(headers: &HeaderMap) -> String {
    let lines = headers.iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.to_str().ok()?)));
    lines.collect::<Vec<_>>().join("\n")
}

fn from_text(text: &str) -> HeaderMap {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let headers = lines.filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    });
    headers.collect()
}

impl StoredAnswer {
    /// The answer, or the refusal that it was.
    pub(super) fn into_answer(self) -> Result<Answered, Problem> {
        let headers = from_text(&self.headers);
        if headers.get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE)
            && let Ok(refusal) = serde_json::from_slice::<contracts::problem::Problem>(&self.body)
        {
            return Err(refusal.into());
        }
        let status = u16::try_from(self.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let mut answer = Answer::empty(status.unwrap_or(StatusCode::OK));
        answer.headers = headers;
        answer.body = self.body;
        Ok(Answered { answer, repeated: true })
    }
}
