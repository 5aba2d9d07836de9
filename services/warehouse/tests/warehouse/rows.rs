//! The row store against the aggregate: what is loaded is what the events make.

use aggregate::{Aggregate, Change, Repository, Versioned, decide};
use contracts::{Count, OrderId, Quantity};
use database::{Database, Error, Executor, Options, Transaction};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use warehouse::{
    domain::{Command, Product},
    store::{self, Rows},
};

use crate::support::{eur, order, sku};

fn added() -> Command {
    let on_hand = Count::new(10).unwrap();
    Command::Add { name: "Green tea".parse().unwrap(), unit_price: eur(499), on_hand }
}

fn command() -> impl Strategy<Value = (Option<OrderId>, Command)> {
    let an_order = || (1..=3_u128).prop_map(order);
    let some = || (1..=8_i64).prop_map(|pieces| Quantity::new(pieces).unwrap());
    prop_oneof![
        "[a-c]".prop_map(|name| (None, Command::Rename { name: name.parse().unwrap() })),
        (0..3_i64).prop_map(|price| (None, Command::Reprice { unit_price: eur(price) })),
        some().prop_map(|quantity| (None, Command::Restock { quantity })),
        (an_order(), some())
            .prop_map(|(order_id, quantity)| (Some(order_id), Command::ReserveStock { order_id, quantity })),
        an_order().prop_map(|order_id| (Some(order_id), Command::ReleaseStock { order_id })),
        an_order().prop_map(|order_id| (Some(order_id), Command::TakeStockOut { order_id })),
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
    let mut model = Versioned::<Product>::default();
    for (scope, command) in std::iter::once(&(None, added())).chain(commands) {
        let loaded = Rows.load(tx, &[sku("TEA")], scope).await?.remove(0);
        let within = |product: &Product| {
            let reservation = |id: OrderId| product.reservations.get(&id).copied();
            (product.offer.clone(), product.stock, scope.and_then(reservation))
        };
        assert_eq!(within(&loaded.state), within(&model.state));
        assert_eq!(loaded.version, model.version);
        let Ok(Some(change)) = decide(sku("TEA"), &loaded, command) else { continue };
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
    let addition = decide(sku("TEA"), &Versioned::<Product>::default(), &added()).unwrap().unwrap();
    save(&database, addition.clone()).await.unwrap();
    let loaded = load(&database).await;
    let reprice = |amount| decide(sku("TEA"), &loaded, &Command::Reprice { unit_price: eur(amount) });
    save(&database, reprice(2).unwrap().unwrap()).await.unwrap();
    for stale in [reprice(3).unwrap().unwrap(), addition] {
        assert!(matches!(save(&database, stale).await, Err(Error::Conflict { what: "product" })));
    }
    assert_eq!(load(&database).await.version, 2);
}

fn open(directory: &tempfile::TempDir) -> Database {
    let options = Options { executor: Executor::Inline, ..Options::default() };
    Database::open(&directory.path().join("warehouse.db"), store::SCHEMAS, options).unwrap()
}

async fn load(database: &Database) -> Versioned<Product> {
    let work = async move |tx: &mut Transaction| Rows.load(tx, &[sku("TEA")], &None).await;
    database.read(work).await.unwrap().remove(0)
}

async fn save(database: &Database, change: Change<Product>) -> Result<(), Error> {
    let changes = [change];
    database.write(async move |tx: &mut Transaction| Rows.save(tx, &changes).await).await
}
