//! A store with a journal, and what stands in it.

use database::{Clock, Database, Error, ManualClock, Options, Transaction};
use journal::{Cause, Entry, Origin, Written, because, note};
use tempfile::TempDir;
use uuid::Uuid;

/// A store whose clock stands still until it is moved.
pub(crate) struct Journal {
    pub(crate) store: Database,
    pub(crate) clock: ManualClock,
    _directory: TempDir,
}

/// The time at which every journal begins.
pub(crate) const EPOCH: i64 = 1_800_000_000_000_000;

impl Journal {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (clock, manual) = Clock::manual(EPOCH);
        let options = Options { clock, ..Options::default() };
        let store =
            Database::open(&directory.path().join("journal.db"), &[journal::SCHEMA], options).unwrap();
        Self { store, clock: manual, _directory: directory }
    }

    /// A transaction about a subject that carries out these commands.
    pub(crate) async fn commands(&self, subject: Uuid, names: &'static [&'static str]) {
        let done = self.store.write(async move |tx: &mut Transaction| {
            because(tx, &asked(subject));
            names.iter().for_each(|name| note(tx, Entry::command(name, true)));
            Ok::<_, Error>(())
        });
        done.await.unwrap();
    }

    pub(crate) async fn of(&self, subject: Uuid) -> Vec<Written> {
        self.store
            .read(async move |tx: &mut Transaction| journal::read(tx, subject, 1000).await)
            .await
            .unwrap()
            .written
    }

    /// The names of what was done about a subject, transaction by transaction.
    pub(crate) async fn names(&self, subject: Uuid) -> Vec<Vec<String>> {
        let names = |written: Written| {
            let records = written.records.into_iter();
            records.flat_map(|record| record.entries).map(|entry| entry.name.into_owned()).collect()
        };
        self.of(subject).await.into_iter().map(names).collect()
    }
}

/// The cause of a client's request about a subject.
pub(crate) fn asked(subject: Uuid) -> Cause {
    let origin = Origin::Request { route: "POST /v1/orders/{id}/place".into(), keyed: true };
    Cause { origin, ..Cause::default() }.about(subject)
}

/// The `n`th subject, as old as the journal.
pub(crate) fn subject(n: u64) -> Uuid {
    let millis = u128::from(EPOCH.unsigned_abs() / 1000);
    Uuid::from_u128(millis << 80 | 0x7 << 76 | 0x8 << 60 | u128::from(n))
}
