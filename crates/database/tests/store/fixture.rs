//! A small store of numbered notes, and a way to hold its writer so that works pile up behind it.

use std::path::PathBuf;
use std::sync::mpsc;

use database::{Database, Error, Executor, Kind, Migration, Options, Schema, Transaction, params};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const SCHEMA: Schema = Schema {
    name: "notes",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE notes (
                id BIGINT PRIMARY KEY,
                text TEXT NOT NULL CONSTRAINT text_is_not_empty CHECK (text <> ''),
                answers BIGINT REFERENCES notes (id)
            )",
    }],
};

database::statements! {
    /// Adds a note.
    pub(crate) const ADD: "INSERT INTO notes (id, text) VALUES ($1, $2)";
    /// Adds a note, or replaces its text.
    pub(crate) const PUT: "INSERT INTO notes (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    /// Adds a note that answers another.
    pub(crate) const ANSWER: "INSERT INTO notes (id, text, answers) VALUES ($1, $2, $3)";
    /// A note's text.
    pub(crate) const TEXT: "SELECT text FROM notes WHERE id = $1";
    /// Every note.
    pub(crate) const ALL: "SELECT id, text FROM notes ORDER BY id";
    /// Removes a note.
    pub(crate) const REMOVE: "DELETE FROM notes WHERE id = $1";
}

/// A store in a directory of its own.
pub(crate) struct Fixture {
    pub(crate) store: Database,
    pub(crate) path: PathBuf,
    _directory: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn inline() -> Self {
        Self::with(Options { executor: Executor::Inline, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.db");
        let store = Database::open(&path, &[SCHEMA, database::leases::SCHEMA], options).unwrap();
        Self { store, path, _directory: directory }
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen(&mut self, options: Options) {
        self.store.close().await;
        self.store = Database::open(&self.path, &[SCHEMA, database::leases::SCHEMA], options).unwrap();
    }

    pub(crate) async fn add(&self, id: i64) -> Result<(), Error> {
        add(&self.store, id).await
    }

    pub(crate) async fn ids(&self) -> Vec<i64> {
        ids(&self.store).await
    }
}

pub(crate) async fn add(store: &Database, id: i64) -> Result<(), Error> {
    store.write(async move |tx: &mut Transaction| tx.execute(ADD, params![id, "text"]).await.map(drop)).await
}

pub(crate) async fn ids(store: &Database) -> Vec<i64> {
    let read = async |tx: &mut Transaction| tx.query(ALL, params![], |row| row.get(0)).await;
    store.read::<_, Error, _>(read).await.unwrap()
}

/// Keeps the writer busy until it is released.
pub(crate) struct Held {
    release: mpsc::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl Held {
    pub(crate) async fn release(self) {
        self.release_to_failure().await.unwrap();
    }

    /// As `release`, where the group of the holding work may fail.
    pub(crate) async fn release_to_failure(self) -> Result<(), Error> {
        drop(self.release);
        self.task.await.unwrap()
    }
}

/// Starts a work that writes nothing and lasts until it is released; it has begun when this returns.
pub(crate) async fn hold(store: &Database) -> Held {
    let (release, released) = mpsc::channel::<()>();
    let (begin, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let store = store.clone();
    let task = tokio::spawn(async move {
        store
            .write(async move |_: &mut Transaction| {
                // The work may run again, when nobody waits for its beginning any more.
                let _ = begin.send(());
                let _ = released.recv();
                Ok(())
            })
            .await
    });
    begun.recv().await.unwrap();
    Held { release, task }
}

/// Waits until as many works wait for the writer.
pub(crate) async fn queued(store: &Database, works: u64) {
    while store.stats().queued_writes != works {
        tokio::task::yield_now().await;
    }
}
