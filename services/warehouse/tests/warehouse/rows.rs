//! The row store against the aggregate: what is loaded is what the events make.

use aggregate::{Change, Repository, Versioned, decide};
use contracts::{Count, OrderId, Quantity};
use database::{Database, Error, Executor, Options, Transaction};
use proptest::prelude::*;
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
    let mut model = Versioned::<Product>::default();
    for (scope, command) in std::iter::once((None, added())).chain(commands) {
        let loaded = load(&database, scope).await;
        let only_scope = |product: &Product| {
            let reservation = |id: OrderId| product.reservations.get(&id).copied();
            (product.offer.clone(), product.stock, scope.and_then(reservation))
        };
        assert_eq!(only_scope(&loaded.state), only_scope(&model.state));
        assert_eq!(loaded.version, model.version);
        let Ok(Some(change)) = decide(sku("TEA"), &loaded, &command) else { continue };
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
    let addition = decide(sku("TEA"), &Versioned::<Product>::default(), &added()).unwrap().unwrap();
    save(&database, addition.clone()).await.unwrap();
    let loaded = load(&database, None).await;
    let reprice = |amount| decide(sku("TEA"), &loaded, &Command::Reprice { unit_price: eur(amount) });
    save(&database, reprice(2).unwrap().unwrap()).await.unwrap();
    for stale in [reprice(3).unwrap().unwrap(), addition] {
        assert!(matches!(save(&database, stale).await, Err(Error::Conflict { what: "product" })));
    }
    assert_eq!(load(&database, None).await.version, 2);
}

fn open(directory: &tempfile::TempDir) -> Database {
    let options = Options { executor: Executor::Inline, ..Options::default() };
    Database::open(&directory.path().join("warehouse.db"), store::SCHEMAS, options).unwrap()
}

async fn load(database: &Database, scope: Option<OrderId>) -> Versioned<Product> {
    let work = async move |tx: &mut Transaction| Rows.load(tx, &[sku("TEA")], &scope).await;
    database.read(work).await.unwrap().remove(0)
}

async fn save(database: &Database, change: Change<Product>) -> Result<(), Error> {
    let changes = [change];
    database.write(async move |tx: &mut Transaction| Rows.save(tx, &changes).await).await
}
