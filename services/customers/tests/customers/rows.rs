//! The row store against the aggregate: what is loaded is what the events make.

use std::sync::atomic::{AtomicU32, Ordering};

use aggregate::{Aggregate, Change, Repository, Versioned, decide};
use contracts::{
    CustomerId, OrderId, Timestamp,
    customers::{CreditRefusal, Reply},
};
use customers::{
    application::{Application, Customers},
    domain::{Command, Customer},
    store::{self, Rows},
};
use database::{Database, Error, Executor, Options, Transaction};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use uuid::Uuid;

use crate::support::{eur, order, reserve, usd};

fn id() -> CustomerId {
    CustomerId::new(Uuid::from_u128(1))
}

fn registered() -> Command {
    Command::Register {
        name: "Ada Lovelace".parse().unwrap(),
        email: "ada@example.org".parse().unwrap(),
        address: contracts::Address {
            line1: "12 St James's Square".parse().unwrap(),
            postal_code: "SW1Y 4JH".parse().unwrap(),
            city: "London".parse().unwrap(),
            country: "GB".parse().unwrap(),
        },
        credit_limit: eur(100),
        at: Timestamp::from_micros(1),
    }
}

fn command() -> impl Strategy<Value = (Option<OrderId>, Command)> {
    let an_order = || (1..=3_u128).prop_map(order);
    prop_oneof![
        (0..200_i64).prop_map(|limit| (None, Command::ChangeCreditLimit { credit_limit: eur(limit) })),
        (0..200_i64).prop_map(|limit| (None, Command::ChangeCreditLimit { credit_limit: usd(limit) })),
        (an_order(), 0..120_i64).prop_map(|(order_id, amount)| {
            (Some(order_id), Command::ReserveCredit { order_id, amount: eur(amount) })
        }),
        an_order().prop_map(|order_id| (Some(order_id), Command::ReleaseCredit { order_id })),
        an_order().prop_map(|order_id| (Some(order_id), Command::SettleCredit { order_id })),
    ]
}

/// All cases share a store, and each is rolled back in the end: nothing has to reach the disk.
#[test]
fn rows_hold_what_the_events_made() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let cases = prop::collection::vec(command(), 0..40);
    let run = runner.run(&cases, |commands| {
        let followed = database.write(async move |tx| Err(follow(tx, &commands).await.err()));
        let ended: Result<(), Option<Error>> = runtime.block_on(followed);
        prop_assert!(matches!(ended, Err(None)), "{ended:?}");
        Ok(())
    });
    run.unwrap();
}

/// Carries out the commands on rows and on a state in memory, side by side.
async fn follow(tx: &mut Transaction, commands: &[(Option<OrderId>, Command)]) -> Result<(), Error> {
    let mut model = Versioned::<Customer>::default();
    for (scope, command) in std::iter::once(&(None, registered())).chain(commands) {
        let loaded = Rows.load(tx, &[id()], scope).await?.remove(0);
        let within = |customer: &Customer| {
            let reservation = |id: OrderId| customer.reservations.get(&id).copied();
            (customer.account.clone(), scope.and_then(reservation))
        };
        assert_eq!(within(&loaded.state), within(&model.state));
        assert_eq!(loaded.version, model.version);
        let Ok(Some(change)) = decide(id(), &loaded, command) else { continue };
        change.events.iter().for_each(|event| model.state.evolve(event));
        model.version = change.version();
        Rows.save(tx, &[change]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_change_decided_on_an_older_version_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory);
    let registration = decide(id(), &Versioned::<Customer>::default(), &registered()).unwrap().unwrap();
    save(&database, registration.clone()).await.unwrap();
    let loaded = load(&database).await;
    let raise = |amount| {
        decide(id(), &loaded, &Command::ChangeCreditLimit { credit_limit: eur(amount) }).unwrap().unwrap()
    };
    save(&database, raise(200)).await.unwrap();
    for stale in [raise(300), registration] {
        assert!(matches!(save(&database, stale).await, Err(Error::Conflict { what: "customer" })));
    }
    assert_eq!(load(&database).await.version, 2);
}

/// A store with many writers, as this repository sees it the first time: somebody else has committed since it was read.
struct Behind {
    seen: Versioned<Customer>,
    loads: AtomicU32,
}

impl Repository<Customer> for Behind {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[CustomerId],
        scope: &Option<OrderId>,
    ) -> Result<Vec<Versioned<Customer>>, Error> {
        match self.loads.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(vec![self.seen.clone()]),
            _ => Rows.load(tx, ids, scope).await,
        }
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Customer>]) -> Result<(), Error> {
        Rows.save(tx, changes).await
    }
}

#[tokio::test]
async fn what_was_decided_on_an_older_version_is_loaded_and_decided_again() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory);
    save(&database, decide(id(), &Versioned::default(), &registered()).unwrap().unwrap()).await.unwrap();
    let seen = load(&database).await;
    let other = Command::ReserveCredit { order_id: order(1), amount: eur(80) };
    save(&database, decide(id(), &seen, &other).unwrap().unwrap()).await.unwrap();

    let behind = Behind { seen, loads: AtomicU32::new(0) };
    let application = Application::new(Customers::new(behind));
    let asked = reserve(id(), order(2), eur(80));
    let reply =
        database.write(async move |tx: &mut Transaction| application.handle(tx, &asked).await).await.unwrap();
    // On what it saw first there was enough for both.
    assert_eq!(reply, Reply::CreditRefused { reason: CreditRefusal::InsufficientCredit });
    assert_eq!(database.stats().conflicts, 1);
}

fn open(directory: &tempfile::TempDir) -> Database {
    let options = Options { executor: Executor::Inline, ..Options::default() };
    Database::open(&directory.path().join("customers.db"), store::SCHEMAS, options).unwrap()
}

async fn load(database: &Database) -> Versioned<Customer> {
    let work = async move |tx: &mut Transaction| Rows.load(tx, &[id()], &None).await;
    database.read(work).await.unwrap().remove(0)
}

async fn save(database: &Database, change: Change<Customer>) -> Result<(), Error> {
    let changes = [change];
    database.write(async move |tx: &mut Transaction| Rows.save(tx, &changes).await).await
}
