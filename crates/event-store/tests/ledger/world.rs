//! A ledger and a consumer's database, in a directory of their own.

use std::path::PathBuf;

use database::{
    Clock, Database, Executor, Kind, ManualClock, Migration, Options, Schema, Transaction, leases, params,
};
use event_store::{
    Append, Appended, Expected, HandlerError, Ledger, Metadata, NewEvent, Recorded, StreamName, append, read,
    subscription,
};
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-01-01.
pub(crate) const BEGINNING: i64 = 1_767_225_600_000_000;

/// What handlers of these tests do: a row for each event, in the order in which they come.
pub(crate) const EFFECTS: Schema = Schema {
    name: "effects",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE effects (
                number BIGINT PRIMARY KEY,
                position BIGINT NOT NULL,
                stream TEXT NOT NULL,
                version BIGINT NOT NULL
            )",
    }],
};

mod sql {
    database::statements! {
        /// An event had its effect.
        pub const NOTE: "
            INSERT INTO effects (number, position, stream, version)
            VALUES ((SELECT coalesce(max(number), 0) + 1 FROM effects), $1, $2, $3)";
        /// All effects, in the order in which they came.
        pub const EFFECTS: "SELECT position, stream, version FROM effects ORDER BY number";
    }
}

pub(crate) struct World {
    directory: TempDir,
    clock: Clock,
    pub(crate) hands: ManualClock,
}

impl World {
    pub(crate) fn new() -> Self {
        let (clock, hands) = Clock::manual(BEGINNING);
        Self { directory: tempfile::tempdir().unwrap(), clock, hands }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.db"))
    }

    /// A database with every table of these tests, on the caller's thread.
    pub(crate) fn db(&self, name: &str) -> Database {
        self.open(name, Executor::Inline)
    }

    /// The same on threads of its own, as in a service.
    pub(crate) fn db_on_threads(&self, name: &str) -> Database {
        self.open(name, Executor::Threads)
    }

    fn open(&self, name: &str, executor: Executor) -> Database {
        let options = Options { clock: self.clock.clone(), executor, ..Options::default() };
        let schemas = [event_store::SCHEMA, subscription::SCHEMA, leases::SCHEMA, journal::SCHEMA, EFFECTS];
        Database::open(&self.path(name), &schemas, options).unwrap()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(self.db("ledger"))
    }
}

pub(crate) fn stream(name: &str) -> StreamName {
    name.parse().unwrap()
}

/// An event whose id follows from a number.
pub(crate) fn event(number: u128) -> NewEvent {
    NewEvent::new(Uuid::from_u128(number), "happened", 1, &number.to_string()).unwrap()
}

pub(crate) fn to(name: &str, expected: Expected, events: impl IntoIterator<Item = u128>) -> Append {
    Append { stream: stream(name), expected, events: events.into_iter().map(event).collect() }
}

/// Appends in a transaction of its own.
pub(crate) async fn append_all(
    ledger: &Ledger,
    appends: Vec<Append>,
) -> Result<Vec<Appended>, append::Error> {
    let writer = ledger.writer(&["order", "customer"]).unwrap();
    ledger
        .database()
        .write(async move |tx: &mut Transaction| writer.append(tx, &appends, &Metadata::default()).await)
        .await
}

pub(crate) async fn append_one(ledger: &Ledger, append: Append) -> Result<Appended, append::Error> {
    append_all(ledger, vec![append]).await.map(|appended| appended.into_iter().next().unwrap())
}

/// Events `from..=to` to a stream, each in a transaction of its own.
pub(crate) async fn append_each(ledger: &Ledger, name: &str, numbers: std::ops::RangeInclusive<u128>) {
    for number in numbers {
        append_one(ledger, to(name, Expected::Any, [number])).await.unwrap();
    }
}

/// A whole stream.
pub(crate) async fn events_of(ledger: &Ledger, name: &str) -> Vec<Recorded> {
    let stream = stream(name);
    let all = async move |tx: &mut Transaction| read::forward(tx, &stream, 1, u64::MAX, 1_000_000).await;
    ledger.database().read(all).await.unwrap()
}

/// A handler: every event has its effect.
pub(crate) async fn note(tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
    for event in events {
        tx.execute(sql::NOTE, params![event.position, event.stream.as_str(), event.version]).await?;
    }
    Ok(())
}

/// What happened: position, stream and version of each event, in the order of the effects.
pub(crate) async fn effects(db: &Database) -> Vec<(u64, String, u64)> {
    let read = async |tx: &mut Transaction| {
        tx.query(sql::EFFECTS, params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
    };
    db.read::<_, database::Error, _>(read).await.unwrap()
}

/// Every event of the log had one effect, and each stream's in their order.
pub(crate) fn assert_whole(effects: &[(u64, String, u64)], committed: &[Recorded], what: &str) {
    let mut sorted: Vec<u64> = effects.iter().map(|(position, ..)| *position).collect();
    sorted.sort_unstable();
    let positions: Vec<u64> = committed.iter().map(|event| event.position).collect();
    assert_eq!(sorted, positions, "each event once: {what}");
    assert_in_order(effects, what);
}

/// The effects of each stream are those of versions 1, 2, 3, ….
pub(crate) fn assert_in_order(effects: &[(u64, String, u64)], what: &str) {
    let mut versions = std::collections::BTreeMap::<&str, u64>::new();
    for (_, stream, version) in effects {
        let before = versions.insert(stream, *version).unwrap_or(0);
        assert_eq!(before + 1, *version, "{stream} in order: {what}");
    }
}
