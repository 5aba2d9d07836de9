//! Who was told only that something happened asks its owner, and reacts once.

use axum::http::StatusCode;
use chassis::{
    client::{self, HttpClient},
    ids::Random,
    metrics::Metrics,
};
use choreography::{
    Callbacks,
    callbacks::{Addresses, Options},
};
use contracts::{
    happenings::{CALLED_OFF, DISPATCHED, ORDER_CANCEL_STARTED, ORDER_PLACED, STOCK_RESERVED},
    topics::{ORDERING_EVENTS, SHIPPING_REPORTS, WAREHOUSE_REPORTS},
};
use test_support::owner::Owner;

use crate::{
    documents::{about, customer, customer_id, order, order_id, reports, told},
    world::World,
};

/// A world with everybody who owns something, at one address, and who asks there.
async fn world() -> (World, Owner, Callbacks) {
    let world = World::new().await;
    let owner = Owner::away(&world.platform);
    owner.open(&world.platform);
    let callbacks = callbacks(&world, &owner);
    (world, owner, callbacks)
}

fn callbacks(world: &World, owner: &Owner) -> Callbacks {
    let owners = ["ordering", "customers", "warehouse", "shipping"];
    let addresses: Addresses = owners.into_iter().map(|name| (name, owner.url())).collect();
    let client = HttpClient::new(&world.platform, client::Options::default());
    let metrics = Metrics::new("shipping", "notification", &world.platform).unwrap();
    Callbacks::new(client, Options::new("shipping", addresses), Random::seeded(1), &metrics).unwrap()
}

fn shows_order(owner: &Owner, status: &str, version: u64) {
    owner.shows(&format!("/v1/orders/{}", order_id()), order(status, version));
}

fn shows_reports(owner: &Owner, said: &[&str]) {
    owner.shows(&format!("/internal/reports/{}", order_id()), reports(said));
}

#[tokio::test(start_paused = true)]
async fn a_thin_message_is_reacted_to_with_what_its_sender_answers() {
    let (world, owner, callbacks) = world().await;
    shows_order(&owner, "PENDING", 2);
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
    orders.go_on().await;
    assert_eq!(world.reactions().await, ["order 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_is_reacted_to_once() {
    let (world, owner, callbacks) = world().await;
    shows_order(&owner, "PENDING", 2);
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    for _ in 0..3 {
        world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
        orders.go_on().await;
    }
    assert_eq!(world.reactions().await, ["order 2"]);
}

#[tokio::test(start_paused = true)]
async fn what_no_policy_names_is_neither_asked_about_nor_reacted_to() {
    let (world, owner, callbacks) = world().await;
    let mut shipments = world.following(SHIPPING_REPORTS, callbacks).await;
    world.tell(SHIPPING_REPORTS, &told(CALLED_OFF, 1, &())).await;
    assert_eq!(shipments.go_on().await.handled, 1);
    assert!(owner.asked().is_empty() && world.reactions().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_needs_no_facts_asks_nobody() {
    let (world, owner, callbacks) = world().await;
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_CANCEL_STARTED, 3, &())).await;
    orders.go_on().await;
    assert_eq!((world.reactions().await, owner.asked()), (vec!["call off".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn who_is_concerned_beside_the_sender_is_asked_too() {
    let (world, owner, callbacks) = world().await;
    shows_order(&owner, "CREDIT_CONFIRMED", 3);
    owner.shows(&format!("/v1/customers/{}", customer_id()), customer("Ada", 1));
    let mut stock = world.following(WAREHOUSE_REPORTS, callbacks).await;
    world.tell(WAREHOUSE_REPORTS, &told(STOCK_RESERVED, 1, &())).await;
    stock.go_on().await;
    assert_eq!(world.reactions().await, ["order 3 of Ada"]);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_has_reported_more_since_still_gives_the_report_that_it_told_of() {
    let (world, owner, callbacks) = world().await;
    shows_reports(&owner, &["dispatched by Hermes", "dispatched by Iris"]);
    let mut shipments = world.following(SHIPPING_REPORTS, callbacks).await;
    for version in 1..=2 {
        world.tell(SHIPPING_REPORTS, &told(DISPATCHED, version, &())).await;
    }
    shipments.go_on().await;
    assert_eq!(world.reactions().await, [r#""dispatched by Hermes""#, r#""dispatched by Iris""#]);
    assert_eq!(owner.asked().len(), 1, "one answer has both");
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_an_owner_that_is_not_as_far_as_it_told() {
    let (world, owner, callbacks) = world().await;
    shows_order(&owner, "PENDING", 1);
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
    orders.go_on().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((1, 0), vec![]));
    shows_order(&owner, "PENDING", 2);
    orders.later().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((0, 0), vec!["order 2".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_an_owner_that_is_away_however_long_that_is() {
    let world = World::new().await;
    let owner = Owner::away(&world.platform);
    let mut orders = world.following(ORDERING_EVENTS, callbacks(&world, &owner)).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
    orders.go_on().await;
    for _ in 0..50 {
        assert_eq!(orders.later().await.handled, 0);
        assert_eq!(world.waiting().await, (1, 0), "it waits, and for no operator");
    }
    owner.refuses(Some(StatusCode::SERVICE_UNAVAILABLE));
    owner.open(&world.platform);
    orders.later().await;
    assert_eq!(world.waiting().await, (1, 0), "who is back and cannot answer yet is as good as away");
    owner.refuses(None);
    shows_order(&owner, "PENDING", 2);
    orders.later().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((0, 0), vec!["order 2".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_owner_keeps_its_order_and_holds_up_no_other() {
    let (world, owner, callbacks) = world().await;
    owner.refuses(Some(StatusCode::SERVICE_UNAVAILABLE));
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    let other = about(ORDER_CANCEL_STARTED.kind, "00000000-0000-0000-0000-000000000007", 3, &());
    for message in [told(ORDER_PLACED, 2, &()), told(ORDER_CANCEL_STARTED, 3, &()), other] {
        world.tell(ORDERING_EVENTS, &message).await;
    }
    orders.go_on().await;
    assert_eq!(world.reactions().await, ["call off"], "that of the other");
    owner.refuses(None);
    shows_order(&owner, "CANCEL_PENDING", 3);
    orders.later().await;
    assert_eq!(world.reactions().await, ["call off", "order 3", "call off"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_left_to_an_operator() {
    let (world, _owner, callbacks) = world().await;
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
    orders.go_on().await;
    assert_eq!(world.waiting().await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_document_is_left_to_an_operator() {
    let (world, owner, callbacks) = world().await;
    owner.shows(&format!("/v1/orders/{}", order_id()), reports(&["no", "order"]));
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &())).await;
    orders.go_on().await;
    assert_eq!(world.waiting().await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_about_no_order_is_left_to_an_operator() {
    let (world, owner, callbacks) = world().await;
    let mut orders = world.following(ORDERING_EVENTS, callbacks).await;
    world.tell(ORDERING_EVENTS, &about(ORDER_PLACED.kind, "tea", 1, &())).await;
    orders.go_on().await;
    assert_eq!((world.waiting().await, owner.asked()), ((1, 1), vec![]));
}
