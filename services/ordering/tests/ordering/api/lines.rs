//! `POST /v1/orders/{id}/items`, and `PUT` and `DELETE` of one.

use chassis::client::{Call, Response};
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};
use ordering::process::Participant;
use serde_json::json;

use crate::support::{Ask, World, in_both_styles, refusal, with, wrong_fields};

in_both_styles! {
    an_item_is_added_to_its_line_or_as_a_new_one,
    a_product_that_is_not_kept_is_named_as_the_field_that_it_is,
    without_the_warehouse_no_item_is_added,
    an_order_that_is_no_longer_open_is_locked_whatever_the_warehouse_says,
    a_key_that_comes_again_adds_nothing_whatever_became_of_the_order,
}

fn add(world: &World, order: &Order, sku: &str, quantity: i64) -> Call {
    world.post(&format!("/v1/orders/{}/items", order.id), &json!({"sku": sku, "quantity": quantity}))
}

fn change(world: &World, order: &Order, sku: &str, quantity: i64) -> Call {
    let url = world.url(&format!("/v1/orders/{}/items/{sku}", order.id));
    Call::put(url).json(&json!({"quantity": quantity})).unwrap()
}

fn remove(world: &World, order: &Order, sku: &str) -> Call {
    Call::delete(world.url(&format!("/v1/orders/{}/items/{sku}", order.id)))
}

/// The products and how many of each.
fn items(response: &Response) -> Vec<(String, u32)> {
    assert_eq!(response.status, 200, "{response:?}");
    let order: Order = response.json().unwrap();
    assert_eq!(response.headers["etag"], format!("\"{}\"", order.version));
    order.items.iter().map(|item| (item.sku.to_string(), item.quantity.get())).collect()
}

fn of(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|(sku, quantity)| ((*sku).to_owned(), *quantity)).collect()
}

async fn an_item_is_added_to_its_line_or_as_a_new_one(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(add(&world, &order, "TEA", 3)).await;
    assert_eq!(items(&response), of(&[("TEA", 5)]));
    let response = world.send(add(&world, &order, "CUP", 1)).await;
    assert_eq!(items(&response), of(&[("TEA", 5), ("CUP", 1)]));
    assert_eq!(response.json::<Order>().unwrap(), world.show(&order).await);
}

#[tokio::test(start_paused = true)]
async fn a_line_is_changed_and_removed_without_asking_the_warehouse() {
    let world = World::start(Style::Rest).await;
    let order = world.create(&[("TEA", 2), ("CUP", 1)]).await;
    world.peers.goes_away(Participant::Warehouse);
    assert_eq!(items(&world.send(change(&world, &order, "TEA", 7)).await), of(&[("TEA", 7), ("CUP", 1)]));
    assert_eq!(items(&world.send(remove(&world, &order, "TEA")).await), of(&[("CUP", 1)]));
    // Removed twice is removed; what is not there has no quantity.
    assert_eq!(items(&world.send(remove(&world, &order, "TEA")).await), of(&[("CUP", 1)]));
    let response = world.send(change(&world, &order, "TEA", 7)).await;
    assert_eq!(refusal(&response), (404, "UNKNOWN_LINE".to_owned()));
    assert_eq!(items(&world.send(remove(&world, &order, "CUP")).await), of(&[]));
    assert_eq!(world.show(&order).await.total, None);
}

#[tokio::test(start_paused = true)]
async fn every_wrong_field_of_an_item_is_named() {
    let world = World::start(Style::Rest).await;
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(add(&world, &order, "a b", 0)).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    assert_eq!(wrong_fields(&response), ["quantity", "sku"]);
    let response = world.send(change(&world, &order, "TEA", -1)).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    assert_eq!(wrong_fields(&response), ["quantity"]);
    let response = world.send(add(&world, &order, "TEA", 999_999)).await;
    assert_eq!(refusal(&response), (422, "QUANTITY_TOO_LARGE".to_owned()));
    assert_eq!(world.show(&order).await, order, "nothing has changed");
}

async fn a_product_that_is_not_kept_is_named_as_the_field_that_it_is(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(add(&world, &order, "NONE", 1)).await;
    assert_eq!(refusal(&response), (422, "UNKNOWN_PRODUCT".to_owned()));
    assert_eq!(wrong_fields(&response), ["sku"]);
}

async fn without_the_warehouse_no_item_is_added(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    world.peers.goes_away(Participant::Warehouse);
    for sku in ["CUP", "TEA"] {
        let response = world.send(add(&world, &order, sku, 1)).await;
        assert_eq!(refusal(&response), (503, "UNAVAILABLE".to_owned()));
        assert_eq!(response.headers["retry-after"], "1");
    }
    world.peers.comes_back(Participant::Warehouse);
    assert_eq!(items(&world.send(add(&world, &order, "CUP", 1)).await), of(&[("TEA", 2), ("CUP", 1)]));
}

async fn an_order_that_is_no_longer_open_is_locked_whatever_the_warehouse_says(world: World) {
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    let quoted = world.peers.quoted().len();
    for away in [false, true] {
        if away {
            world.peers.goes_away(Participant::Warehouse);
        }
        for call in [
            add(&world, &order, "CUP", 1),
            add(&world, &order, "NONE", 1),
            change(&world, &order, "TEA", 1),
            remove(&world, &order, "TEA"),
            world.place(&order),
        ] {
            assert_eq!(refusal(&world.send(call).await), (409, "ORDER_LOCKED".to_owned()));
        }
    }
    assert_eq!(world.peers.quoted().len(), quoted, "nobody is asked what it costs");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_began_has_no_items() {
    let world = World::start(Style::Rest).await;
    let mut order = world.create(&[]).await;
    order.id = crate::support::CUSTOMER.parse().unwrap();
    world.peers.goes_away(Participant::Warehouse);
    for call in
        [add(&world, &order, "TEA", 1), change(&world, &order, "TEA", 1), remove(&world, &order, "TEA")]
    {
        assert_eq!(refusal(&world.send(call).await), (404, "NOT_FOUND".to_owned()));
    }
    let nonsense = world.post("/v1/orders/none/items", &json!({"sku": "TEA", "quantity": 1}));
    assert_eq!(refusal(&world.send(nonsense).await), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn nobody_changes_what_they_have_not_seen() {
    let world = World::start(Style::Rest).await;
    let order = world.create(&[("TEA", 2)]).await;
    let (seen, stale) = (format!("\"{}\"", order.version), format!("\"{}\"", order.version - 1));
    world.peers.goes_away(Participant::Warehouse);
    let calls = || {
        [
            add(&world, &order, "CUP", 1),
            change(&world, &order, "TEA", 1),
            remove(&world, &order, "TEA"),
            world.place(&order),
        ]
    };
    for call in calls() {
        let response = world.send(with(call, "if-match", &stale)).await;
        assert_eq!(refusal(&response), (412, "PRECONDITION_FAILED".to_owned()));
    }
    for call in calls() {
        let response = world.send(with(call, "if-match", "what I saw")).await;
        assert_eq!(refusal(&response), (400, "MALFORMED_REQUEST".to_owned()));
    }
    assert_eq!(world.show(&order).await, order, "nothing has changed");
    world.peers.comes_back(Participant::Warehouse);
    let response = world.send(with(add(&world, &order, "CUP", 1), "if-match", &seen)).await;
    assert_eq!(items(&response), of(&[("TEA", 2), ("CUP", 1)]));
    let response = world.send(with(change(&world, &order, "TEA", 1), "if-match", "*")).await;
    assert_eq!(items(&response), of(&[("TEA", 1), ("CUP", 1)]));
}

async fn a_key_that_comes_again_adds_nothing_whatever_became_of_the_order(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let keyed = |quantity| with(add(&world, &order, "CUP", quantity), "idempotency-key", "k1");
    let first = world.send(keyed(1)).await;
    assert_eq!(items(&first), of(&[("TEA", 2), ("CUP", 1)]));
    world.peers.hold(Ask::ReserveCredit);
    world.send(world.place(&order)).await;
    world.peers.goes_away(Participant::Warehouse);
    let again = world.send(keyed(1)).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    assert_eq!(refusal(&world.send(keyed(2)).await), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    assert_eq!(world.show(&order).await.items.len(), 2);
}
