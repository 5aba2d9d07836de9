//! What outlives the process, and what the tables refuse by themselves.

use contracts::Sku;
use database::{Database, Error, Options, Transaction, params};
use warehouse::store;

use crate::support::{World, lines, order, reserve};

database::statements! {
    /// What no rule of the domain allows.
    const OVERSELL: "UPDATE products SET reserved = on_hand + 1 WHERE sku = $1";
    /// Nor this.
    const OVERFREE: "UPDATE products SET reserved = -1 WHERE sku = $1";
    /// Nor this.
    const LOSE: "UPDATE products SET on_hand = reserved - 1 WHERE sku = $1";
    /// Nor this.
    const FIND: "UPDATE products SET on_hand = received + 1 WHERE sku = $1";
}

#[tokio::test]
async fn what_was_answered_outlives_a_crash() {
    let mut world = World::start();
    let tea = world.product("TEA", 10).await;
    world.ask(&reserve(order(1), &lines([(&tea, 6)]))).await;
    let before = world.find(&tea).await;
    world.crash();
    world.restart();
    assert_eq!(world.find(&tea).await, before);
    // It goes on from there.
    world.ask(&reserve(order(2), &lines([(&tea, 4)]))).await;
    assert_eq!(world.stock(&tea).await, (10, 10));
}

#[tokio::test]
async fn what_was_answered_outlives_a_stop() {
    let mut world = World::start();
    let tea = world.product("TEA", 10).await;
    let before = world.find(&tea).await;
    world.stop().await;
    world.restart();
    assert_eq!(world.find(&tea).await, before);
}

#[tokio::test]
async fn the_tables_refuse_to_be_oversold_whatever_the_program_does() {
    let mut world = World::start();
    let tea = world.product("TEA", 10).await;
    world.ask(&reserve(order(1), &lines([(&tea, 6)]))).await;
    world.stop().await;
    let database = Database::open(&world.file(), store::SCHEMAS, Options::default()).unwrap();
    let expected = [
        (OVERSELL, "products_on_hand"),
        (OVERFREE, "products_reserved"),
        (LOSE, "products_on_hand"),
        (FIND, "products_received"),
    ];
    for (statement, constraint) in expected {
        let error = run(&database, statement, tea.clone()).await.unwrap_err();
        assert_eq!(error.constraint(), Some(constraint));
    }
    database.close().await;
    world.restart();
    assert_eq!(world.stock(&tea).await, (10, 6));
}

async fn run(database: &Database, statement: database::Statement, sku: Sku) -> Result<u64, Error> {
    let work = async move |tx: &mut Transaction| tx.execute(statement, params![sku.as_str()]).await;
    database.write(work).await
}
