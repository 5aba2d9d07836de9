//! Two instances of a program, each with connections of its own, work on one store.

use std::time::Duration;

use database::{Database, Error, Options, Transaction, leases};
use futures_util::future::join_all;

use crate::fixture::{Fixture, SCHEMA, add, ids};

fn second(fixture: &Fixture) -> Database {
    Database::open(&fixture.path, &[SCHEMA, leases::SCHEMA], Options::default()).unwrap()
}

#[tokio::test]
async fn both_write_and_both_see_everything() {
    let one = Fixture::new();
    let other = second(&one);
    let (ours, theirs) = tokio::join!(
        join_all((0..50).map(|id| add(&one.store, id))),
        join_all((50..100).map(|id| add(&other, id))),
    );
    assert!(ours.into_iter().chain(theirs).all(|result| result.is_ok()));
    let all: Vec<_> = (0..100).collect();
    assert_eq!((ids(&one.store).await, ids(&other).await), (all.clone(), all));
}

#[tokio::test]
async fn one_of_them_gets_the_lease() {
    let one = Fixture::new();
    let other = second(&one);
    let acquire = |holder: &'static str| {
        async move |tx: &mut Transaction| {
            leases::acquire(tx, "relay/0", holder, Duration::from_secs(60)).await
        }
    };
    let (ours, theirs) = tokio::join!(
        one.store.write::<_, Error, _>(acquire("one")),
        other.write::<_, Error, _>(acquire("other"))
    );
    assert_eq!(ours.unwrap().is_some() as u8 + theirs.unwrap().is_some() as u8, 1);
}
