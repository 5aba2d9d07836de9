//! Snapshots: states that were folded before, so that loading begins with them.
//!
//! A snapshot is never needed, and never trusted further than its key: who reads it asks for that of its own aggregate and
//! fingerprint, so that one of another program's form is passed over. There is one of each, the latest.

mod compared;
mod snapshotter;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::{Error, Transaction, params};
use partition::Hasher;
use tokio::sync::Notify;

pub use compared::Compared;
pub use snapshotter::Snapshotter;

use crate::read::stored;
use crate::{StreamName, schema};

/// When a snapshot is worth its while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When so many events had to be folded since the snapshot before; `None` for never.
    pub every: Option<u64>,
    /// When loading took longer than this; `None` for never.
    pub slower_than: Option<Duration>,
}

/// Every 100 events, or when loading took more than 2 ms.
impl Default for Policy {
    fn default() -> Self {
        Self { every: Some(100), slower_than: Some(Duration::from_millis(2)) }
    }
}

impl Policy {
    /// Whether a load after which `folded` events had been folded, and which took so long, calls for a snapshot.
    #[must_use]
    pub fn calls_for_one(&self, folded: u64, took: Duration) -> bool {
        folded > 0
            && (self.every.is_some_and(|every| folded >= every)
                || self.slower_than.is_some_and(|limit| took > limit))
    }
}

/// What a state of this description is told by from others: it changes whenever the text does.
#[must_use]
pub fn fingerprint(schema: &str) -> i64 {
    Hasher::new().piece(schema.as_bytes()).finish().cast_signed()
}

/// The state that was kept of a stream, and its version, unless that is above `up_to`.
pub(crate) async fn find(
    tx: &mut Transaction,
    stream: &StreamName,
    aggregate: &str,
    fingerprint: i64,
    up_to: u64,
) -> Result<Option<(u64, String)>, Error> {
    let key = params![stream.as_str(), aggregate, fingerprint, stored(up_to)];
    tx.query_opt(schema::SNAPSHOT, key, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Keeps a state, unless a later one is kept.
pub(crate) async fn save(
    tx: &mut Transaction,
    stream: &StreamName,
    aggregate: &str,
    fingerprint: i64,
    version: u64,
    state: &str,
) -> Result<(), Error> {
    let row = params![stream.as_str(), aggregate, fingerprint, version, tx.now(), state];
    tx.execute(schema::SAVE_SNAPSHOT, row).await.map(drop)
}

/// Forgets snapshots of `aggregate` with another fingerprint than this program's that were taken before `before`
/// (microseconds since the Unix epoch), at most `limit` of them. Returns how many there were.
///
/// What this program can use stays. During a rollout the older program uses its own, so `before` is best some days back.
///
/// # Errors
/// Those of a statement.
pub async fn prune(
    tx: &mut Transaction,
    aggregate: &str,
    fingerprint: i64,
    before: i64,
    limit: u64,
) -> Result<u64, Error> {
    tx.execute(schema::PRUNE_SNAPSHOTS, params![aggregate, fingerprint, before, limit]).await
}

/// The largest state that is kept, in bytes of JSON.
pub const MAX_STATE: usize = 4 * 1024 * 1024;

/// How many streams may wait for a snapshot. Beyond that a load asks for none: the next one will.
const MAX_WANTED: usize = 1_024;

/// The streams of which a snapshot is wanted; each is named once, however often it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted(Arc<(Mutex<BTreeSet<StreamName>>, Notify)>);

impl Wanted {
    pub(crate) fn ask(&self, stream: StreamName) {
        let (streams, more) = &*self.0;
        let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() < MAX_WANTED {
            streams.insert(stream);
            more.notify_one();
        }
    }

    fn next(&self) -> Option<StreamName> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).pop_first()
    }

    async fn asked(&self) {
        self.0.1.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_called_for_by_many_events_or_by_a_slow_load() {
        let policy = Policy { every: Some(10), slower_than: Some(Duration::from_millis(5)) };
        let (quick, slow) = (Duration::ZERO, Duration::from_millis(6));
        assert!(policy.calls_for_one(10, quick) && policy.calls_for_one(1, slow));
        assert!(!policy.calls_for_one(9, quick) && !policy.calls_for_one(0, slow));
        let never = Policy { every: None, slower_than: None };
        assert!(!never.calls_for_one(u64::MAX, Duration::MAX));
    }

    #[test]
    fn what_is_wanted_is_bounded_and_named_once() {
        let wanted = Wanted::default();
        for number in 0..2 * MAX_WANTED {
            let stream = StreamName::new("order", &number.to_string()).unwrap();
            wanted.ask(stream.clone());
            wanted.ask(stream);
        }
        assert_eq!(std::iter::from_fn(|| wanted.next()).count(), MAX_WANTED);
    }
}
