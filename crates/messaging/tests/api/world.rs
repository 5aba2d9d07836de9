//! A producer, a broker and a consumer, each with a store of its own that survives a crash.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use database::{Clock, Database, Error, Executor, Kind, ManualClock, Migration, Schema, Transaction, params};
use messaging::consumer::{self, Handler};
use messaging::embedded::{self, Embedded};
use messaging::outbox::{self, Relay};
use messaging::{Backoff, Broker, Consumer, Data, Envelope, HandlerError, Publisher, dead_letters};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const TOPIC: &str = "orders.events";
pub(crate) const SOURCE: &str = "/orders";
pub(crate) const GROUP: &str = "billing";

const SCHEMA: Schema = Schema {
    name: "effects",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE effects (place BIGINT PRIMARY KEY, subject TEXT NOT NULL, version BIGINT NOT NULL)",
    }],
};

database::statements! {
    const ADD: "
        INSERT INTO effects (place, subject, version) SELECT coalesce(max(place), 0) + 1, $1, $2 FROM effects";
    const ALL: "SELECT subject, version FROM effects ORDER BY place";
}

/// The stores of a test, under one clock.
pub(crate) struct World {
    directory: TempDir,
    pub(crate) clock: ManualClock,
    executor: Executor,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(1_700_000_000_000_000).1;
        Self { directory: tempfile::tempdir().unwrap(), clock, executor: Executor::Threads }
    }

    /// Every transaction runs on the calling thread, so that a run can be repeated exactly.
    pub(crate) fn inline() -> Self {
        Self { executor: Executor::Inline, ..Self::new() }
    }

    fn options(&self) -> database::Options {
        database::Options {
            clock: self.clock.clock(),
            executor: self.executor,
            ..database::Options::default()
        }
    }

    /// A service's database; opened twice, it is the same.
    pub(crate) fn db(&self, service: &str) -> Database {
        let schemas = [&messaging::SCHEMAS[..], &[database::leases::SCHEMA, SCHEMA]].concat();
        let file = self.directory.path().join(format!("{service}.db"));
        Database::open(&file, &schemas, self.options()).unwrap()
    }

    pub(crate) async fn broker(&self) -> Embedded {
        let options = embedded::Options { database: self.options(), ..embedded::Options::default() };
        Embedded::open(&self.directory.path().join("broker.db"), options).await.unwrap()
    }

    /// More than any backoff or lease.
    pub(crate) fn a_minute_passes(&self) {
        self.clock.advance(Duration::from_secs(60));
    }
}

/// The event by which an order reached `version`; the first version is 1.
pub(crate) fn event(order: &str, version: u64) -> Envelope {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{order}/{version}").as_bytes());
    Envelope {
        version: Some(version),
        previous_version: Some(version - 1),
        ..Envelope::new(id, SOURCE, "order.changed", order, 0, Data::of(&version).unwrap())
    }
}

pub(crate) fn events(order: &str, versions: std::ops::RangeInclusive<u64>) -> Vec<Envelope> {
    versions.map(|version| event(order, version)).collect()
}

/// Messages that are known by nothing but their ids.
pub(crate) fn commands(order: &str, numbers: std::ops::RangeInclusive<u64>) -> Vec<Envelope> {
    let of_no_version = |event| Envelope { version: None, previous_version: None, ..event };
    events(order, numbers).into_iter().map(of_no_version).collect()
}

/// Puts events into the outbox, in one transaction.
pub(crate) async fn enqueue(db: &Database, events: &[Envelope]) {
    let events = events.to_vec();
    db.write(async move |tx| {
        for event in &events {
            outbox::enqueue(tx, TOPIC, event).await?;
        }
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

pub(crate) fn relay(db: &Database, publisher: impl Publisher, holder: &str) -> Relay {
    Relay::new(db.clone(), Arc::new(publisher), outbox::Options::new(holder))
}

/// Sends until the outbox has nothing to send now.
pub(crate) async fn relay_all(db: &Database, publisher: impl Publisher) {
    let mut relay = relay(db, publisher, "test");
    while let outbox::Outcome::Sent { confirmed: 1.., .. } = relay.relay_once().await.unwrap() {}
}

/// Remembers every message as an effect, and fails on request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects(Arc<Mutex<Failing>>);

#[derive(Debug, Default)]
struct Failing {
    failing: BTreeSet<String>,
    unknown: BTreeSet<String>,
    /// After how many more messages the store fails.
    store_fails_after: Option<usize>,
}

impl Effects {
    /// Every message of these orders fails from now on.
    pub(crate) fn fail(&self, orders: &[&str]) {
        self.0.lock().unwrap().failing = orders.iter().map(|&order| order.to_owned()).collect();
    }

    /// These types are not known from now on.
    pub(crate) fn not_know(&self, kinds: &[&str]) {
        self.0.lock().unwrap().unknown = kinds.iter().map(|&kind| kind.to_owned()).collect();
    }

    /// The store fails after so many messages, or does not any more.
    pub(crate) fn store_fails_after(&self, messages: Option<usize>) {
        self.0.lock().unwrap().store_fails_after = messages;
    }

    fn refuse(&self, message: &Envelope) -> Result<(), HandlerError> {
        let mut failing = self.0.lock().unwrap();
        match &mut failing.store_fails_after {
            None => {}
            Some(0) => return Err(Error::Busy { waited: Duration::ZERO }.into()),
            Some(left) => *left -= 1,
        }
        if failing.unknown.contains(&message.kind) {
            return Err(HandlerError::Unknown);
        }
        if failing.failing.contains(&message.subject) {
            return Err(HandlerError::Failed("out of paper".into()));
        }
        Ok(())
    }
}

impl Handler for Effects {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        // The effect comes first, so that a failure has something to roll back.
        tx.execute(ADD, params![message.subject, message.version.unwrap_or(0)]).await?;
        self.refuse(message)
    }
}

/// What the handler did, in order.
pub(crate) async fn effects(db: &Database) -> Vec<(String, u64)> {
    let all =
        async |tx: &mut Transaction| tx.query(ALL, params![], |row| Ok((row.get(0)?, row.get(1)?))).await;
    db.read::<_, Error, _>(all).await.unwrap()
}

/// The versions of one order that were handled, in order.
pub(crate) async fn effects_of(db: &Database, order: &str) -> Vec<u64> {
    effects(db)
        .await
        .into_iter()
        .filter(|(subject, _)| subject == order)
        .map(|(_, version)| version)
        .collect()
}

pub(crate) fn options() -> consumer::Options {
    consumer::Options {
        backoff: Backoff { first: Duration::from_millis(10), max: Duration::from_secs(1) },
        ..consumer::Options::default()
    }
}

pub(crate) fn consumer(broker: impl Broker, db: &Database, handler: &Effects) -> Consumer<Effects> {
    Consumer::new(Arc::new(broker), TOPIC, GROUP, handler.clone(), db.clone(), options())
}

/// Consumes until nothing comes any more.
pub(crate) async fn consume_all(consumer: &mut Consumer<impl Handler>) -> consumer::Outcome {
    let mut total = consumer::Outcome::default();
    loop {
        let outcome = consumer.consume_once().await.unwrap();
        if outcome == consumer::Outcome::default() {
            return total;
        }
        total.handled += outcome.handled;
        total.duplicates += outcome.duplicates;
        total.parked += outcome.parked;
    }
}

/// Polls until a condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let begun = tokio::time::Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never happened");
        tokio::task::yield_now().await;
    }
}

/// A world with a broker and a billing service that has registered.
pub(crate) async fn started() -> (World, Embedded, Database, Effects) {
    let world = World::new();
    let (broker, db) = (world.broker().await, world.db("billing"));
    broker.register(TOPIC, GROUP).await.unwrap();
    (world, broker, db, Effects::default())
}

pub(crate) async fn parked(db: &Database) -> u64 {
    db.read(async |tx| dead_letters::count(tx).await).await.unwrap()
}

pub(crate) async fn stuck(db: &Database) -> u64 {
    db.read(async |tx| dead_letters::stuck(tx).await).await.unwrap()
}

pub(crate) fn outcome(handled: usize, duplicates: usize, parked: usize) -> consumer::Outcome {
    consumer::Outcome { handled, duplicates, parked }
}
