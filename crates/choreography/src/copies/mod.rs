//! Copies: who is told the whole state keeps it, and asks nobody.
//!
//! A copy is what its owner said last, under the version that it had then; an older version changes nothing. A message
//! that comes before the copy that it needs waits for it.

mod begin;
mod source;
mod store;

use std::time::Duration;

use chassis::changes::Key;
use contracts::Timestamp;
use database::{Error, Row, Transaction, params};
use messaging::{Envelope, HandlerError, republish};
use serde::de::DeserializeOwned;

pub use source::Copies;
pub use store::{SCHEMA, STATEMENTS};

/// A copy of something that another service owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy<T> {
    /// What its owner said last.
    pub document: T,
    /// The version that it had then.
    pub version: u64,
    /// When it had changed to that.
    pub changed_at: Timestamp,
}

/// By what those listen to [`Changes`](chassis::changes::Changes) who wait for a copy.
#[must_use]
pub fn key(kind: &str, id: &str) -> Key {
    format!("{kind}/{id}").into()
}

/// Keeps what a message says, unless something as late is kept.
///
/// # Errors
/// [`HandlerError::Hopeless`] for a message without a version, or those of the store.
pub async fn keep(tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
    let Some(version) = republish::version_of(message) else {
        return Err(HandlerError::Hopeless("a state is told with its version".into()));
    };
    let row = params![
        message.aggregate_type(),
        message.subject,
        version,
        message.time,
        tx.now(),
        message.data.as_str()
    ];
    tx.execute(store::KEEP, row).await?;
    Ok(())
}

/// The copy of the `kind` (`order`, `customer`, `product`) with this id; `None` if its owner has not told of it yet.
///
/// # Errors
/// Those of the store; a document that cannot be read is none of this release's.
pub async fn find<T: DeserializeOwned>(
    tx: &mut Transaction,
    kind: &str,
    id: &str,
) -> Result<Option<Copy<T>>, Error> {
    let read = |row: &Row<'_>| Ok((row.get::<u64>(0)?, row.get::<i64>(1)?, row.get::<String>(2)?));
    let found = tx.query_opt(store::FIND, params![kind, id], read).await?;
    let Some((version, changed_at, text)) = found else { return Ok(None) };
    let document = serde_json::from_str(&text).map_err(|_| store::unreadable())?;
    Ok(Some(Copy { document, version, changed_at: Timestamp::from_micros(changed_at) }))
}

/// For how long nothing was heard about things of this `kind`; `None` if nothing ever was.
///
/// # Errors
/// Those of the store.
pub async fn age(tx: &mut Transaction, kind: &str) -> Result<Option<Duration>, Error> {
    let heard: Option<i64> = tx.query_one(store::HEARD, params![kind], |row| row.get(0)).await?;
    let since = |heard: i64| Duration::from_micros(tx.now().saturating_sub(heard).max(0).unsigned_abs());
    Ok(heard.map(since))
}
