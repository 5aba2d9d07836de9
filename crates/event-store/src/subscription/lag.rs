//! How far behind a subscription is.

use std::time::Duration;

use database::{Database, Transaction, params};
use tokio::sync::watch;

use super::store;
use crate::log::{Filter, Log};

/// How far behind a subscription is, all its instances together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// How many positions lie between its last segment and the end of what is settled: an upper bound of the events that
    /// wait, since some may not be for it.
    pub events: u64,
    /// For how long the first event after its last segment has been there; zero if there is none.
    pub time: Duration,
}

/// How far behind the subscription `name` is whose checkpoints are in `db`; `None` if it has not begun.
///
/// A segment for which there was nothing writes its place down at least every third of its lease, so a subscription that
/// is idle may seem to be behind by what was not for it. [`Progress`] knows better, of its own instance.
///
/// # Errors
/// If the log or the database cannot be read.
pub async fn lag(
    log: &dyn Log,
    db: &Database,
    name: &str,
    filter: &Filter,
) -> Result<Option<Lag>, database::Error> {
    let settled = log.settled().await?;
    let name = name.to_owned();
    let last: Option<u64> =
        db.read(async move |tx| tx.query_one(store::LAST, params![name], |row| row.get(0)).await).await?;
    let Some(last) = last else { return Ok(None) };
    let waiting = log.read(last, settled, filter, 1).await?;
    let since = waiting.events.first().map(|event| event.recorded_at);
    let time = since.map_or(Duration::ZERO, |at| {
        Duration::from_micros(db.now().saturating_sub(at).max(0).unsigned_abs())
    });
    Ok(Some(Lag { events: settled.saturating_sub(last), time }))
}

/// The position up to which the last segment of the subscription `name` has handled everything; `None` if it has not begun.
///
/// # Errors
/// Those of a statement.
pub async fn position(tx: &mut Transaction, name: &str) -> Result<Option<u64>, database::Error> {
    tx.query_one(store::LAST, params![name], |row| row.get(0)).await
}

/// Forgets how far the subscription `name` was, which is over.
///
/// # Errors
/// Those of a statement.
pub async fn forget(tx: &mut Transaction, name: &str) -> Result<(), database::Error> {
    tx.execute(store::FORGET, params![name]).await.map(drop)
}

/// How far one instance is; clones tell the same.
#[derive(Clone, Debug)]
pub struct Progress(watch::Receiver<Status>);

/// How far one instance was after its latest step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How far the log was settled when it last looked.
    pub settled: u64,
    /// The segments that it follows.
    pub segments: Vec<SegmentStatus>,
}

/// How far one segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentStatus {
    /// Which one, from 0.
    pub segment: u16,
    /// Up to here everything was handled, or was not for it.
    pub position: u64,
    /// How often the handler has failed since it last did not.
    pub failures: u32,
    /// Why it failed last.
    pub error: Option<String>,
    /// When the event was recorded that it failed on, in microseconds since the Unix epoch.
    pub waiting_since: Option<i64>,
}

impl Status {
    /// How many positions its last segment is behind; 0 if it follows none.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.segments.iter().map(|it| self.settled.saturating_sub(it.position)).max().unwrap_or(0)
    }
}

impl Progress {
    pub(super) fn new(status: watch::Receiver<Status>) -> Self {
        Self(status)
    }

    /// How far it was after its latest step.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.borrow().clone()
    }

    /// Waits until all that it follows is at this position or beyond. Cancel safe; returns at once if it is, and never if
    /// the subscription has ended before.
    pub async fn reached(&self, position: u64) {
        let there = |status: &Status| {
            !status.segments.is_empty() && status.segments.iter().all(|it| it.position >= position)
        };
        if self.0.clone().wait_for(there).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
