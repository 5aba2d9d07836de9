//! One kind of rows that are kept for a while.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use database::{Error, Transaction};
use messaging::{dead_letters, inbox};

use super::Retention;
use crate::idempotency;

/// One kind of rows, how long they are kept, and how to forget them. Clones are cheap.
#[derive(Clone)]
pub struct Kept {
    what: &'static str,
    keep: Duration,
    rows: Arc<dyn Rows>,
}

impl Kept {
    /// Rows that metrics call `what`, kept for `keep`.
    ///
    /// `oldest` tells since when the oldest row that can be forgotten is kept, in microseconds since the Unix epoch.
    /// `forget` forgets rows kept since before a time, the oldest first, about so many as it is told and never many more,
    /// and tells how many. Both are transactions' closures: they await nothing but their own statements, and an index
    /// answers both, however many rows there are.
    pub fn new<O, F>(what: &'static str, keep: Duration, oldest: O, forget: F) -> Self
    where
        O: AsyncFn(&mut Transaction) -> Result<Option<i64>, Error> + Send + Sync + 'static,
        F: AsyncFn(&mut Transaction, i64, u64) -> Result<u64, Error> + Send + Sync + 'static,
    {
        Self { what, keep, rows: Arc::new(By { oldest, forget }) }
    }

    /// The answers to [idempotency] keys.
    #[must_use]
    pub fn answers(retention: &Retention) -> Self {
        Self::new("answers", retention.idempotency, idempotency::oldest, idempotency::forget)
    }

    /// The ids of messages that were handled; see [`inbox::forget`].
    #[must_use]
    pub fn messages(retention: &Retention) -> Self {
        Self::new("messages", retention.inbox, inbox::oldest, inbox::forget)
    }

    /// The messages that an operator has discarded; see [`dead_letters::forget`].
    #[must_use]
    pub fn discards(retention: &Retention) -> Self {
        Self::new("discards", retention.inbox, dead_letters::oldest, dead_letters::forget)
    }

    /// What was done about orders, which a saga's log is part of; see [`journal::forget`].
    #[must_use]
    pub fn journal(retention: &Retention) -> Self {
        Self::new("journal", retention.journal, journal::oldest, journal::forget)
    }

    /// What metrics call these rows.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// How long they are kept.
    #[must_use]
    pub const fn keep(&self) -> Duration {
        self.keep
    }

    /// What is from before this, at `now`, is kept no longer.
    pub(super) fn before(&self, now: i64) -> i64 {
        now.saturating_sub(i64::try_from(self.keep.as_micros()).unwrap_or(i64::MAX))
    }

    pub(super) async fn oldest(&self, tx: &mut Transaction) -> Result<Option<i64>, Error> {
        self.rows.oldest(tx).await
    }

    pub(super) async fn forget(&self, tx: &mut Transaction, limit: u64) -> Result<u64, Error> {
        let before = self.before(tx.now());
        self.rows.forget(tx, before, limit).await
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.keep, self.what)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("what", &self.what).field("keep", &self.keep).finish_non_exhaustive()
    }
}

type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;

/// The two functions, whatever their types: one allocation a call, beside a look into the store.
trait Rows: Send + Sync {
    fn oldest<'a>(&'a self, tx: &'a mut Transaction) -> Doing<'a, Option<i64>>;
    fn forget<'a>(&'a self, tx: &'a mut Transaction, before: i64, limit: u64) -> Doing<'a, u64>;
}

struct By<O, F> {
    oldest: O,
    forget: F,
}

impl<O, F> Rows for By<O, F>
where
    O: AsyncFn(&mut Transaction) -> Result<Option<i64>, Error> + Send + Sync,
    F: AsyncFn(&mut Transaction, i64, u64) -> Result<u64, Error> + Send + Sync,
{
    fn oldest<'a>(&'a self, tx: &'a mut Transaction) -> Doing<'a, Option<i64>> {
        Box::pin((self.oldest)(tx))
    }

    fn forget<'a>(&'a self, tx: &'a mut Transaction, before: i64, limit: u64) -> Doing<'a, u64> {
        Box::pin((self.forget)(tx, before, limit))
    }
}
