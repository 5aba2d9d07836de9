//! Reading what there is to be sent.

use std::collections::HashSet;
use std::time::Duration;

use database::{Error, Transaction, params};

use super::step::Batch;
use super::{held_keys, store, topics};

/// What there is to do.
pub(super) struct Due {
    pub(super) batches: Vec<Batch>,
    /// Whether a key is held back.
    pub(super) holds: bool,
    pub(super) retry_in: Option<Duration>,
}

/// The first messages of each topic that is not to be skipped, as they are in the outbox.
pub(super) async fn read(tx: &mut Transaction, skip: &HashSet<String>, limit: usize) -> Result<Due, Error> {
    let mut batches = Vec::new();
    for topic in topics(tx).await? {
        if !skip.contains(&topic) {
            let batch = Batch::read(tx, topic, limit).await?;
            batches.extend(Some(batch).filter(|batch| !batch.is_empty()));
        }
    }
    let now = tx.now();
    let holds = held_keys(tx).await? > 0;
    let next: Option<i64> =
        if holds { tx.query_one(store::NEXT_RETRY, params![now], |row| row.get(0)).await? } else { None };
    let retry_in = next.map(|next| Duration::from_micros(next.abs_diff(now)));
    Ok(Due { batches, holds, retry_in })
}
