//! What outlives the process, and what the tables refuse by themselves.

use contracts::CustomerId;
use customers::store;
use database::{Database, Error, Options, Transaction, params};

use crate::support::{World, eur, order, reserve};

database::statements! {
    /// What no rule of the domain allows.
    const OVERDRAW: "UPDATE customers SET credit_reserved = credit_limit + 1 WHERE customer_id = $1";
    /// Nor this.
    const OVERFREE: "UPDATE customers SET credit_reserved = -1 WHERE customer_id = $1";
    /// Nor this.
    const LOWER: "UPDATE customers SET credit_limit = credit_reserved - 1 WHERE customer_id = $1";
}

#[tokio::test]
async fn what_was_answered_outlives_a_crash() {
    let mut world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    let before = world.find(id).await;
    world.crash();
    world.restart();
    assert_eq!(world.find(id).await, before);
    // It goes on from there.
    world.ask(&reserve(id, order(2), eur(40))).await;
    assert_eq!(world.find(id).await.credit_available, eur(0));
}

#[tokio::test]
async fn what_was_answered_outlives_a_stop() {
    let mut world = World::start();
    let id = world.customer(100).await;
    let before = world.find(id).await;
    world.stop().await;
    world.restart();
    assert_eq!(world.find(id).await, before);
}

#[tokio::test]
async fn the_tables_refuse_overdrawn_credit_whatever_the_program_does() {
    let mut world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    world.stop().await;
    let database = Database::open(&world.file(), store::SCHEMAS, Options::default()).unwrap();
    let expected = [
        (OVERDRAW, "customers_credit_limit"),
        (OVERFREE, "customers_credit_reserved"),
        (LOWER, "customers_credit_limit"),
    ];
    for (statement, constraint) in expected {
        let error = run(&database, statement, id).await.unwrap_err();
        assert_eq!(error.constraint(), Some(constraint));
    }
    database.close().await;
    world.restart();
    assert_eq!(world.find(id).await.credit_reserved, eur(60));
}

async fn run(database: &Database, statement: database::Statement, id: CustomerId) -> Result<u64, Error> {
    let work = async move |tx: &mut Transaction| tx.execute(statement, params![id.uuid()]).await;
    database.write(work).await
}
