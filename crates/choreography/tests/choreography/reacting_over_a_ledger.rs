//! Reacting to a ledger: what cannot be reacted to waits with its stream, and nothing else does.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use chassis::platform::Platform;
use choreography::{
    Facts, Needs, Policy, Reacts,
    ledger::{Following, Projections, SCHEMAS},
    on, policy,
};
use contracts::{
    OrderId,
    happenings::{ORDER_CANCEL_STARTED, ORDER_PLACED},
};
use database::{Database, Error, Executor, Kind, Migration, Options, Schema, Transaction, params};
use event_store::{
    Append, Expected, Grid, Ledger, Metadata, NewEvent, Repository, Subscription, grid, subscription,
};
use journal::Cause;
use messaging::{
    HandlerError,
    consumer::{self, Parked, Parking},
    dead_letters::{self, DeadLetter},
};
use tempfile::TempDir;
use tokio::time::advance;
use uuid::Uuid;

use crate::world::clock;

const SHIPPING: &str = "shipping";

const REACTIONS: Schema = Schema {
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

const POLICIES: &[Policy<&str>] = &[on(ORDER_PLACED, "ship"), on(ORDER_CANCEL_STARTED, "call off")];

/// Notes down what it does, and why; cannot do anything for some orders.
#[derive(Clone, Debug, Default)]
struct Moody(Arc<Mutex<BTreeSet<Uuid>>>);

impl Reacts for Moody {
    type Reaction = &'static str;

    fn policies(&self) -> &'static [Policy<&'static str>] {
        POLICIES
    }

    fn needs(&self, _reaction: &'static str) -> Needs {
        Needs::Nothing
    }

    async fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reaction: &'static str,
        _facts: &Facts,
        cause: &Cause,
    ) -> Result<(), HandlerError> {
        let of = order.uuid().as_u128();
        let because = cause.id.unwrap().as_u128();
        assert_eq!(cause.subject, Some(order.uuid()));
        tx.execute(ADD, params![format!("{reaction} {of} because of {because}")]).await?;
        if self.0.lock().unwrap().contains(&order.uuid()) {
            return Err(HandlerError::Failed("out of paper".into()));
        }
        Ok(())
    }
}

/// A service that follows a ledger, which it shares with others.
struct World {
    ledger: Ledger,
    db: Database,
    moody: Moody,
    subscription: Subscription<Following<Moody>>,
    parked: Parked<Following<Moody>>,
    appended: u128,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        let (directory, platform) = (tempfile::tempdir().unwrap(), Platform::simulated(1, clock()));
        let (clock, executor) = (platform.clock.clone(), Executor::Inline);
        let options = Options { clock, executor, ..Options::default() };
        let schemas = [SCHEMAS, &[REACTIONS]].concat();
        let db = Database::open(&directory.path().join("ledger.db"), &schemas, options).unwrap();
        let ledger = Ledger::new(db.clone());
        let (moody, db) = (Moody::default(), db.owned_by(SHIPPING));
        let parking = Parking::new("ledger", SHIPPING, consumer::Options::default());
        let projections = Projections {
            orders: Grid::new(
                Repository::new(&ledger, Uuid::nil).unwrap(),
                &ledger,
                grid::Options::default(),
            )
            .0,
            customers: Grid::new(
                Repository::new(&ledger, Uuid::nil).unwrap(),
                &ledger,
                grid::Options::default(),
            )
            .0,
        };
        let following = Following { name: SHIPPING, participant: moody.clone(), projections, parking };
        let parked = Parked::new(&following.parking, following.clone(), db.clone());
        let filter = policy::filter(POLICIES).unwrap();
        // One segment, in which everything is behind whatever comes before it.
        let options = subscription::Options { segments: 1, ..subscription::Options::new("one") };
        let log = Arc::new(ledger.clone());
        let subscription = Subscription::new(SHIPPING, log, db.clone(), filter, following, options);
        Self { ledger, db, moody, subscription, parked, appended: 0, _directory: directory }
    }

    /// Something happens to an order.
    async fn append(&mut self, order: u128, kind: &str) {
        self.appended += 1;
        let event = NewEvent::new(Uuid::from_u128(self.appended), kind, 1, &()).unwrap();
        let stream = format!("order-{}", Uuid::from_u128(order)).parse().unwrap();
        let append = Append { stream, expected: Expected::Any, events: vec![event] };
        let writer = self.ledger.writer(&["order"]).unwrap();
        let append = async move |tx: &mut Transaction| {
            writer.append(tx, std::slice::from_ref(&append), &Metadata::default()).await
        };
        self.ledger.database().write(append).await.unwrap();
    }

    /// Follows to the end of the ledger.
    async fn follow(&mut self) {
        let progress = self.subscription.progress();
        self.subscription.step().await.unwrap();
        while progress.status().behind() > 0 {
            advance(subscription::Options::new("").longest_wait).await;
            self.subscription.step().await.unwrap();
        }
    }

    async fn reactions(&self) -> Vec<String> {
        let all = async |tx: &mut Transaction| tx.query(ALL, params![], |row| row.get(0)).await;
        self.db.read::<_, Error, _>(all).await.unwrap()
    }

    /// What is parked, as this service's operator sees it.
    async fn letters(&self) -> (Vec<DeadLetter>, u64) {
        let look = async |tx: &mut Transaction| {
            Ok::<_, Error>((dead_letters::list(tx, 9).await?, dead_letters::count(tx).await?))
        };
        self.db.read(look).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reacted_to_waits_with_its_stream_and_everything_else_goes_on() {
    let mut world = World::new();
    world.moody.0.lock().unwrap().insert(Uuid::from_u128(10));
    for (order, kind) in [(10, "placed"), (20, "placed"), (10, "cancel_started"), (20, "cancel_started")] {
        world.append(order, kind).await;
    }
    world.follow().await;
    assert_eq!(world.reactions().await, ["ship 20 because of 2", "call off 20 because of 4"]);

    let (letters, parked) = world.letters().await;
    let [letter] = &*letters else { panic!("{letters:?}") };
    let DeadLetter { consumer, kind, subject, behind, error, .. } = letter;
    assert_eq!((&**consumer, &**kind, *behind, parked), (SHIPPING, "order.placed", 1, 2));
    assert_eq!(*subject, Uuid::from_u128(10).to_string());
    assert!(error.ends_with("out of paper") && letter.retry_at.is_some(), "{letter:?}");

    // What comes after it stays behind it, and once it is mended all of it follows in its order.
    world.moody.0.lock().unwrap().clear();
    world.append(10, "placed").await;
    world.append(30, "placed").await;
    world.follow().await;
    advance(consumer::Options::default().backoff.max).await;
    assert_eq!(world.parked.retry_once().await.unwrap().handled, 3);
    world.append(10, "cancel_started").await;
    world.follow().await;
    let then = ["ship 30 because of 6", "ship 10 because of 1", "call off 10 because of 3"];
    let last = ["ship 10 because of 5", "call off 10 because of 7"];
    assert_eq!(world.reactions().await[2..], [&then[..], &last].concat());
    assert_eq!(world.letters().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn what_fails_again_and_again_waits_for_an_operator_of_the_service_that_it_fails_in() {
    let mut world = World::new();
    world.moody.0.lock().unwrap().insert(Uuid::from_u128(10));
    world.append(10, "placed").await;
    world.follow().await;
    for _ in 1..consumer::Options::default().attempts {
        assert!(world.letters().await.0[0].retry_at.is_some());
        advance(consumer::Options::default().backoff.max).await;
        world.parked.retry_once().await.unwrap();
    }
    let id = world.letters().await.0[0].id;
    assert_eq!(world.letters().await.0[0].retry_at, None);

    // The others of the ledger have nothing to do with it.
    let billing = world.db.owned_by("billing");
    let retry = async move |tx: &mut Transaction| {
        Ok::<_, Error>((dead_letters::list(tx, 9).await?.len(), dead_letters::retry(tx, id).await?))
    };
    assert_eq!(billing.write(retry).await.unwrap(), (0, 0));
    world.moody.0.lock().unwrap().clear();
    assert_eq!(world.db.write(retry).await.unwrap(), (1, 1));
    assert_eq!(world.parked.retry_once().await.unwrap().handled, 1);
    assert_eq!(world.reactions().await, ["ship 10 because of 1"]);
}
