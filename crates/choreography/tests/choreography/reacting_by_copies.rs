//! Who was told everything reacts with what it has kept, and asks nobody.

use choreography::Copies;
use contracts::{
    happenings::{DISPATCHED, ORDER_CANCEL_STARTED, ORDER_PLACED, STOCK_RESERVED},
    topics::{CUSTOMERS_EVENTS, ORDERING_EVENTS, SHIPPING_REPORTS, WAREHOUSE_REPORTS},
};
use messaging::Envelope;

use crate::{
    documents::{about, customer, customer_id, order, order_id, reports, told},
    world::World,
};

fn of_both() -> Copies {
    Copies::of(&["order", "customer"])
}

/// What tells who the customer is.
fn customer_told() -> Envelope {
    about("customer.registered", &customer_id().to_string(), 1, &customer("Ada", 1))
}

/// What tells of an order what nobody reacts to.
fn order_told(kind: &str, status: &str, version: u64) -> Envelope {
    about(kind, &order_id().to_string(), version, &order(status, version))
}

fn stock_reserved() -> Envelope {
    told(STOCK_RESERVED, 1, &reports(&["reserved"]))
}

#[tokio::test(start_paused = true)]
async fn a_fat_message_is_all_that_a_reaction_to_it_needs() {
    let world = World::new().await;
    let mut orders = world.following(ORDERING_EVENTS, of_both()).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &order("PENDING", 2))).await;
    orders.go_on().await;
    assert_eq!(world.reactions().await, ["order 2"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_report_is_the_one_that_a_message_tells_of() {
    let world = World::new().await;
    let mut shipments = world.following(SHIPPING_REPORTS, of_both()).await;
    for said in [&["a"][..], &["a", "b"]] {
        world.tell(SHIPPING_REPORTS, &told(DISPATCHED, said.len() as u64, &reports(said))).await;
    }
    shipments.go_on().await;
    assert_eq!(world.reactions().await, [r#""a""#, r#""b""#]);
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_copies_that_are_not_there_for_as_long_as_they_are_not() {
    let world = World::new().await;
    let mut orders = world.following(ORDERING_EVENTS, of_both()).await;
    let mut customers = world.following(CUSTOMERS_EVENTS, of_both()).await;
    let mut stock = world.following(WAREHOUSE_REPORTS, of_both()).await;
    world.tell(WAREHOUSE_REPORTS, &stock_reserved()).await;
    stock.go_on().await;
    for _ in 0..20 {
        stock.later().await;
        assert_eq!(world.waiting().await, (1, 0), "it waits, and for no operator");
    }
    world.tell(ORDERING_EVENTS, &order_told("order.approved", "APPROVED", 4)).await;
    orders.go_on().await;
    stock.later().await;
    assert_eq!(world.waiting().await, (1, 0), "for the customer");
    world.tell(CUSTOMERS_EVENTS, &customer_told()).await;
    customers.go_on().await;
    stock.later().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((0, 0), vec!["order 4 of Ada".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_an_order_that_is_not_placed_yet_is_not_enough() {
    let world = World::new().await;
    let mut orders = world.following(ORDERING_EVENTS, of_both()).await;
    let mut customers = world.following(CUSTOMERS_EVENTS, of_both()).await;
    let mut stock = world.following(WAREHOUSE_REPORTS, of_both()).await;
    world.tell(CUSTOMERS_EVENTS, &customer_told()).await;
    customers.go_on().await;
    world.tell(ORDERING_EVENTS, &order_told("order.line_added", "OPEN", 1)).await;
    orders.go_on().await;
    world.tell(WAREHOUSE_REPORTS, &stock_reserved()).await;
    stock.go_on().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((1, 0), vec![]));
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &order("PENDING", 2))).await;
    orders.go_on().await;
    stock.later().await;
    assert_eq!(world.reactions().await, ["order 2", "order 2 of Ada"]);
}

#[tokio::test(start_paused = true)]
async fn who_keeps_no_copies_of_something_waits_for_it_in_the_order_of_what_was_told() {
    let world = World::new().await;
    let mut orders = world.following(ORDERING_EVENTS, Copies::of(&["customer"])).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_PLACED, 2, &order("PENDING", 2))).await;
    world.tell(ORDERING_EVENTS, &told(ORDER_CANCEL_STARTED, 3, &order("CANCEL_PENDING", 3))).await;
    orders.go_on().await;
    assert_eq!((world.waiting().await, world.reactions().await), ((2, 0), vec![]));
}
