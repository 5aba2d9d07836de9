//! The row store against the aggregate: what is loaded is what the events make.

use aggregate::{Change, Repository, Versioned, decide};
use contracts::{CustomerId, OrderId, Timestamp};
use customers::{
    domain::{Command, Customer},
    store::{self, Rows},
};
use database::{Database, Error, Executor, Options, Transaction};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{eur, order, usd};

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_hold_what_the_events_made(commands in prop::collection::vec(command(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(follow(commands));
    }
}

/// Carries out the commands on rows and on a state in memory, side by side.
async fn follow(commands: Vec<(Option<OrderId>, Command)>) {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory);
    let mut model = Versioned::<Customer>::default();
    for (scope, command) in std::iter::once((None, registered())).chain(commands) {
        let loaded = load(&database, scope).await;
        let only_scope = |customer: &Customer| {
            let reservation = |id: OrderId| customer.reservations.get(&id).copied();
            (customer.account.clone(), scope.and_then(reservation))
        };
        assert_eq!(only_scope(&loaded.state), only_scope(&model.state));
        assert_eq!(loaded.version, model.version);
        let Ok(Some(change)) = decide(id(), &loaded, &command) else { continue };
        for event in &change.events {
            aggregate::Aggregate::evolve(&mut model.state, event);
        }
        model.version = change.version();
        save(&database, change).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_decided_on_an_older_version_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory);
    let registration = decide(id(), &Versioned::<Customer>::default(), &registered()).unwrap().unwrap();
    save(&database, registration.clone()).await.unwrap();
    let loaded = load(&database, None).await;
    let raise = |amount| {
        decide(id(), &loaded, &Command::ChangeCreditLimit { credit_limit: eur(amount) }).unwrap().unwrap()
    };
    save(&database, raise(200)).await.unwrap();
    for stale in [raise(300), registration] {
        assert!(matches!(save(&database, stale).await, Err(Error::Conflict { what: "customer" })));
    }
    assert_eq!(load(&database, None).await.version, 2);
}

fn open(directory: &tempfile::TempDir) -> Database {
    let options = Options { executor: Executor::Inline, ..Options::default() };
    Database::open(&directory.path().join("customers.db"), store::SCHEMAS, options).unwrap()
}

async fn load(database: &Database, scope: Option<OrderId>) -> Versioned<Customer> {
    let work = async move |tx: &mut Transaction| Rows.load(tx, &[id()], &scope).await;
    database.read(work).await.unwrap().remove(0)
}

async fn save(database: &Database, change: Change<Customer>) -> Result<(), Error> {
    let changes = [change];
    database.write(async move |tx: &mut Transaction| Rows.save(tx, &changes).await).await
}
