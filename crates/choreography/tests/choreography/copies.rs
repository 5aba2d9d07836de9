//! What a copy is: what its owner said last.

use std::time::Duration;

use choreography::copies::{Copy, age, find, keep};
use contracts::customers::Customer;
use database::Transaction;
use messaging::{Envelope, HandlerError};
use tokio::time::advance;

use crate::{
    documents::{about, customer, customer_id},
    world::World,
};

fn told(name: &str, version: u64) -> Envelope {
    about("customer.changed", &customer_id().to_string(), version, &customer(name, version))
}

async fn hear(world: &World, name: &str, version: u64) {
    hear_of(world, told(name, version)).await.unwrap();
}

async fn hear_of(world: &World, message: Envelope) -> Result<(), HandlerError> {
    world.db.write(async move |tx: &mut Transaction| keep(tx, &message).await).await
}

async fn copy(world: &World) -> Option<Copy<Customer>> {
    let find = async |tx: &mut Transaction| find(tx, "customer", &customer_id().to_string()).await;
    world.db.read(find).await.unwrap()
}

async fn known(world: &World) -> (String, u64) {
    let Copy { document, version, .. } = copy(world).await.unwrap();
    (document.name.as_str().to_owned(), version)
}

#[tokio::test(start_paused = true)]
async fn there_is_none_of_what_nobody_told_of() {
    assert_eq!(copy(&World::new().await).await, None);
}

#[tokio::test(start_paused = true)]
async fn it_is_what_was_said_last_with_its_version() {
    let world = World::new().await;
    hear(&world, "Ada", 1).await;
    hear(&world, "Augusta", 2).await;
    assert_eq!(known(&world).await, ("Augusta".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_or_late_changes_nothing() {
    let world = World::new().await;
    hear(&world, "Augusta", 2).await;
    hear(&world, "Ada", 1).await;
    hear(&world, "Another", 2).await;
    assert_eq!(known(&world).await, ("Augusta".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn versions_that_were_never_told_are_no_hindrance() {
    let world = World::new().await;
    hear(&world, "Ada", 1).await;
    hear(&world, "Augusta", 7).await;
    assert_eq!(known(&world).await, ("Augusta".to_owned(), 7));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_version_is_hopeless() {
    let heard = hear_of(&World::new().await, Envelope { version: None, ..told("Ada", 1) }).await;
    assert!(matches!(heard, Err(HandlerError::Hopeless(_))), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_as_old_as_it_is_long_since_anything_of_its_kind_was_heard() {
    let world = World::new().await;
    let aged = async |kind: &'static str| {
        world.db.read(async move |tx: &mut Transaction| age(tx, kind).await).await.unwrap()
    };
    assert_eq!(aged("customer").await, None);
    hear(&world, "Ada", 1).await;
    advance(Duration::from_secs(3)).await;
    assert_eq!((aged("customer").await, aged("product").await), (Some(Duration::from_secs(3)), None));
    hear(&world, "Augusta", 2).await;
    assert_eq!(aged("customer").await, Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn it_says_when_its_owner_had_changed_it() {
    let world = World::new().await;
    hear_of(&world, Envelope { time: 42, ..told("Ada", 1) }).await.unwrap();
    assert_eq!(copy(&world).await.unwrap().changed_at, contracts::Timestamp::from_micros(42));
}
