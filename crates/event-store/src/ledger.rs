//! The handle of a ledger.

use database::{Database, Error};
use futures_util::future::BoxFuture;

use crate::changes::{Changes, Followed};
use crate::log::{Filter, Log, Page};
use crate::stream::InvalidName;
use crate::{Writer, read};

/// A ledger in a database, whose schemas include [`SCHEMA`](crate::SCHEMA); clones share it.
///
/// What is appended through one handle wakes those that follow it through the same; what other processes append, they
/// find by looking.
#[derive(Clone, Debug)]
pub struct Ledger {
    db: Database,
    changes: Changes,
}

impl Ledger {
    /// The ledger in `db`.
    #[must_use]
    pub fn new(db: Database) -> Self {
        Self { db, changes: Changes::default() }
    }

    /// The database that it is in.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Who may append to streams of these categories, and to no others.
    ///
    /// # Errors
    /// One of them is no category.
    pub fn writer(&self, categories: &[&str]) -> Result<Writer, InvalidName> {
        Writer::new(categories, self.changes.clone())
    }
}

/// One writer at a time draws positions and commits them: what is committed is settled.
impl Log for Ledger {
    fn settled(&self) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(self.db.read(async |tx| read::last(tx).await))
    }

    fn read<'a>(
        &'a self,
        after: u64,
        up_to: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        let filter = filter.clone();
        Box::pin(self.db.read(async move |tx| read::all(tx, after, up_to, &filter, limit).await))
    }

    fn changes(&self) -> Followed {
        self.changes.follow()
    }
}
