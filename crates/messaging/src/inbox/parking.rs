//! Parking messages of a key, and trying them again.

use database::{Row, Transaction, params};
use uuid::Uuid;

use super::{Counted, Failure, Scope, Verdict, count, store, versions};
use crate::Envelope;
use crate::backoff::{Backoff, micros};

/// How many messages of a key are tried again at a time.
const PAGE: u64 = 64;

/// How many keys are tried again at a time.
const KEYS: u64 = 32;

/// A blocked key that is to be tried again.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) key: String,
    pub(crate) failures: u32,
}

/// Parks a message behind those of its key, unless it was handled.
pub(super) async fn park(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
) -> Result<Verdict, Failure> {
    let (consumer, topic) = (&*scope.consumer, &*scope.topic);
    if is_known(tx, scope, message).await? {
        return Ok(Verdict::Duplicate);
    }
    let limit = params![consumer, topic, scope.max_parked];
    let parked: u64 = tx.query_one(store::PARKED_UP_TO, limit, |row| row.get(0)).await?;
    if parked >= scope.max_parked {
        return Err(Failure::NoRoom);
    }
    let row = params![consumer, topic, message.partition_key, message.id, tx.now(), message.to_json()];
    if tx.execute(store::PARK, row).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    // It was seen, so its partition is not complete without it.
    count(tx, scope, message, Counted::Seen).await?;
    Ok(Verdict::Parked)
}

/// Whether a message was handled before, or is never to be.
async fn is_known(tx: &mut Transaction, scope: &Scope, message: &Envelope) -> Result<bool, Failure> {
    if let Some(version) = message.version {
        return Ok(versions::standing(tx, scope, message, version).await?.is_known);
    }
    let id = params![&*scope.consumer, &*scope.topic, message.partition_key, message.id];
    Ok(tx.query_opt(store::HANDLED, id, |_| Ok(())).await?.is_some())
}

/// Parks a message if those of its key wait; tells whether they do.
pub(crate) async fn park_behind(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
) -> Result<bool, Failure> {
    let key = params![&*scope.consumer, &*scope.topic, message.partition_key];
    let blocked = tx.query_opt(store::BLOCKED, key, |_| Ok(())).await?.is_some();
    if blocked {
        park(tx, scope, message).await?;
    }
    Ok(blocked)
}

/// Parks a message that has failed once, and blocks its key until the next attempt or for good.
pub(crate) async fn park_first(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    error: &str,
    retry: Option<Backoff>,
) -> Result<Verdict, Failure> {
    let verdict = park(tx, scope, message).await?;
    if verdict == Verdict::Parked {
        let retry_at = retry.map(|backoff| tx.now().saturating_add(micros(backoff.wait(message.id, 1))));
        let key = &message.partition_key;
        let row = params![&*scope.consumer, &*scope.topic, key, 1_u32, retry_at, tx.now(), error];
        tx.execute(store::BLOCK, row).await?;
    }
    Ok(verdict)
}

/// Notes that the first message of a blocked key has failed once more.
pub(crate) async fn fail_again(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    failures: u32,
    error: &str,
    retry: Option<Backoff>,
) -> Result<(), Failure> {
    let retry_at = retry.map(|backoff| tx.now().saturating_add(micros(backoff.wait(message.id, failures))));
    let row = params![&*scope.consumer, &*scope.topic, message.partition_key, failures, retry_at, error];
    tx.execute(store::BLOCK_AGAIN, row).await?;
    Ok(())
}

/// The blocked keys that are due, and in how many microseconds the next is.
pub(crate) async fn due(tx: &mut Transaction, scope: &Scope) -> Result<(Vec<Due>, Option<u64>), Failure> {
    let (consumer, topic, now) = (&*scope.consumer, &*scope.topic, tx.now());
    let next: Option<i64> = tx.query_one(store::NEXT_DUE, params![consumer, topic], |row| row.get(0)).await?;
    if next.is_none_or(|next| next > now) {
        return Ok((Vec::new(), next.map(|next| next.abs_diff(now))));
    }
    let due = tx
        .query(store::DUE, params![consumer, topic, now, KEYS], |row| {
            Ok(Due { key: row.get(0)?, failures: row.get(1)? })
        })
        .await?;
    Ok((due, Some(0)))
}

/// The first messages parked of a key, in the order in which to try them.
pub(crate) async fn sequence(
    tx: &mut Transaction,
    scope: &Scope,
    key: &str,
) -> Result<Vec<Envelope>, Failure> {
    let page = params![&*scope.consumer, &*scope.topic, key, PAGE];
    let read = |row: &Row<'_>| {
        let (id, json): (Uuid, String) = (row.get(0)?, row.get(1)?);
        let unreadable = |error| Envelope { id, ..Envelope::unreadable(key, &json, &error) };
        Ok(Envelope::from_json(&json).unwrap_or_else(unreadable))
    };
    let mut messages = tx.query(store::SEQUENCE, page, read).await?;
    versions::sort(&mut messages);
    Ok(messages)
}

/// Unblocks a key if nothing of it is parked any more.
pub(crate) async fn unblock(tx: &mut Transaction, scope: &Scope, key: &str) -> Result<(), Failure> {
    tx.execute(store::UNBLOCK, params![&*scope.consumer, &*scope.topic, key]).await?;
    Ok(())
}
