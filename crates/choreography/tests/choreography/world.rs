//! A service that reacts, its database and the broker that it hears by, under one clock.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chassis::platform::Platform;
use choreography::{Facts, Needs, Policy, Reactor, Reacts, Source, copies, on, reports};
use contracts::{
    OrderId,
    happenings::{DISPATCHED, ORDER_CANCEL_STARTED, ORDER_PLACED, STOCK_RESERVED},
};
use database::{Clock, Database, Error, Executor, Kind, Migration, Options, Schema, Transaction, params};
use journal::Cause;
use messaging::{
    Backoff, Consumer, Envelope, HandlerError, Publisher, consumer, dead_letters,
    embedded::{self, Embedded},
};
use tempfile::TempDir;
use tokio::time::{Instant, advance};

/// When a world begins: 2026-01-01T00:00:00Z.
const BEGINNING_MICROS: i64 = 1_767_225_600_000_000;

const GROUP: &str = "shipping";

const SCHEMA: Schema = Schema {
    name: "reactions",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE reactions (place BIGINT PRIMARY KEY, reaction TEXT NOT NULL)",
    }],
};

database::statements! {
    const ADD: "INSERT INTO reactions (place, reaction) SELECT coalesce(max(place), 0) + 1, $1 FROM reactions";
    const ALL: "SELECT reaction FROM reactions ORDER BY place";
}

/// The time of a store, which goes with that of the runtime.
pub(crate) fn clock() -> Clock {
    let began = Instant::now();
    Clock::new(move || BEGINNING_MICROS + i64::try_from(began.elapsed().as_micros()).unwrap())
}

/// A database with all that this crate keeps, and the broker.
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) broker: Embedded,
    pub(crate) db: Database,
    directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (directory, platform) = (tempfile::tempdir().unwrap(), Platform::simulated(1, clock()));
        let (clock, executor) = (platform.clock.clone(), Executor::Inline);
        let options = Options { clock, executor, ..Options::default() };
        let own = [SCHEMA, copies::SCHEMA, reports::SCHEMA, database::leases::SCHEMA];
        let schemas = [&own[..], &messaging::SCHEMAS].concat();
        let db = Database::open(&directory.path().join("shipping.db"), &schemas, options.clone()).unwrap();
        let options = embedded::Options { database: options, ..embedded::Options::default() };
        let broker = Embedded::open(&directory.path().join("broker.db"), options).await.unwrap();
        Self { platform, broker, db, directory }
    }

    /// The file of another database.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.db"))
    }

    /// What has a service with `source` handle the messages of a topic.
    pub(crate) async fn following<S: Source>(&self, topic: &str, source: S) -> Following<S> {
        let reactor = Reactor { participant: Noting, source };
        let backoff = Backoff { first: Duration::from_millis(5), ..Backoff::default() };
        let options = consumer::Options { backoff, ..consumer::Options::default() };
        let broker = Arc::new(self.broker.clone());
        let consumer = Consumer::new(broker, topic, GROUP, reactor, self.db.clone(), options);
        consumer.register().await.unwrap();
        Following(consumer)
    }

    pub(crate) async fn tell(&self, topic: &str, message: &Envelope) {
        self.broker.publish(topic, std::slice::from_ref(message)).await.unwrap();
    }

    /// What the service has done, in order.
    pub(crate) async fn reactions(&self) -> Vec<String> {
        let all = async |tx: &mut Transaction| tx.query(ALL, params![], |row| row.get(0)).await;
        self.db.read::<_, Error, _>(all).await.unwrap()
    }

    /// Messages that wait for something, and keys that wait for an operator.
    pub(crate) async fn waiting(&self) -> (u64, u64) {
        let count = async |tx: &mut Transaction| {
            Ok::<_, Error>((dead_letters::count(tx).await?, dead_letters::stuck(tx).await?))
        };
        self.db.read(count).await.unwrap()
    }
}

/// A consumer, which does one step after the other.
pub(crate) struct Following<S>(Consumer<Reactor<Noting, S>>);

impl<S: Source> Following<S> {
    /// Handles what there is.
    pub(crate) async fn go_on(&mut self) -> consumer::Outcome {
        self.0.consume_once().await.unwrap()
    }

    /// Tries again what has to wait, after longer than any wait between two attempts.
    pub(crate) async fn later(&mut self) -> consumer::Outcome {
        advance(Duration::from_secs(11)).await;
        self.go_on().await
    }
}

/// A service that notes down what it does, and what it knew when it did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noting;

/// What is done is called as what it needs.
const POLICIES: &[Policy<Needs>] = &[
    on(ORDER_PLACED, Needs::Order),
    on(STOCK_RESERVED, Needs::OrderAndCustomer),
    on(DISPATCHED, Needs::Report),
    on(ORDER_CANCEL_STARTED, Needs::Nothing),
];

impl Reacts for Noting {
    type Reaction = Needs;

    fn policies(&self) -> &'static [Policy<Needs>] {
        POLICIES
    }

    fn needs(&self, reaction: Needs) -> Needs {
        reaction
    }

    async fn react(
        &self,
        tx: &mut Transaction,
        _order: OrderId,
        reaction: Needs,
        facts: &Facts,
        cause: &Cause,
    ) -> Result<(), HandlerError> {
        assert!(cause.id.is_some(), "whatever is done is done because of something");
        let reaction = match reaction {
            Needs::Nothing => "call off".to_owned(),
            Needs::Order => format!("order {}", facts.order()?.version),
            Needs::OrderAndCustomer => {
                let (order, contact) = (facts.order()?, facts.contact()?);
                format!("order {} of {}", order.version, contact.name.as_str())
            }
            Needs::Report => facts.report()?.to_owned(),
        };
        tx.execute(ADD, params![reaction]).await?;
        Ok(())
    }
}
