//! `POST /v1/orders`.

use std::time::Duration;

use chassis::client::Response;
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};
use ordering::process::Participant;
use serde_json::{Value, json};

use crate::support::{Ask, CUSTOMER, World, in_both_styles, order_of, refusal, with, wrong_fields};

in_both_styles! {
    an_order_begins_open_with_the_names_and_prices_of_now,
    a_product_that_is_not_kept_is_named,
    without_the_warehouse_no_order_with_items_begins,
    a_warehouse_that_is_too_slow_is_as_one_that_is_away,
    a_key_that_comes_again_begins_nothing_though_the_warehouse_is_away,
    an_order_can_be_placed_as_it_begins,
    a_key_that_comes_again_places_nothing_and_waits_afresh,
}

async fn create(world: &World, body: &Value) -> Response {
    world.send(world.post("/v1/orders", body)).await
}

async fn an_order_begins_open_with_the_names_and_prices_of_now(world: World) {
    let items =
        json!([{"sku": "TEA", "quantity": 2}, {"sku": "CUP", "quantity": 1}, {"sku": "TEA", "quantity": 3}]);
    let body = json!({"customer_id": CUSTOMER, "reference": "web-4711", "items": items});
    let response = create(&world, &body).await;
    assert_eq!(response.status, 201);
    let order: Value = response.json().unwrap();
    assert_eq!(response.headers["location"], format!("/v1/orders/{}", order["id"].as_str().unwrap()));
    assert_eq!(response.headers["etag"], format!("\"{}\"", order["version"]));
    let price = json!({"amount": 1250, "currency": "EUR"});
    let expected = json!({
        "id": order["id"], "customer_id": CUSTOMER, "reference": "web-4711",
        "status": "OPEN", "reason": null, "waiting_for": null, "cancel": null,
        "items": [
            {"sku": "TEA", "name": "One TEA", "quantity": 5, "unit_price": price},
            {"sku": "CUP", "name": "One CUP", "quantity": 1, "unit_price": price},
        ],
        "total": {"amount": 7500, "currency": "EUR"},
        "ship_to": null, "shipment": null, "invoice": null, "warnings": [],
        "created_at": order["created_at"], "placed_at": null, "finished_at": null, "version": 4,
    });
    assert_eq!(order, expected);
    assert_eq!(world.peers.quoted().len(), 2, "each product is asked about once");
    let shown: Value =
        world.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.json().unwrap();
    assert_eq!(shown, expected);
}

#[tokio::test(start_paused = true)]
async fn an_order_may_begin_without_items_and_without_the_warehouse() {
    let world = World::start(Style::Rest).await;
    world.peers.goes_away(Participant::Warehouse);
    let order = world.create(&[]).await;
    assert_eq!((order.items.len(), order.total, order.reference), (0, None, None));
}

#[tokio::test(start_paused = true)]
async fn every_wrong_field_is_named() {
    let world = World::start(Style::Rest).await;
    let items = json!([
        {"sku": "TEA", "quantity": 0}, {"sku": "not a sku", "quantity": 1}, {"sku": "CUP", "quantity": 1_000_001},
    ]);
    let body = json!({"customer_id": "nobody", "reference": "\n", "items": items});
    let response = create(&world, &body).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    let expected = ["customer_id", "items[0].quantity", "items[1].sku", "items[2].quantity", "reference"];
    assert_eq!(wrong_fields(&response), expected);
    assert!(world.peers.quoted().is_empty(), "nobody is asked about an order that is wrong");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_an_order_is_refused_by_its_form() {
    let world = World::start(Style::Rest).await;
    let of_type = |content_type: &str, body: &str| {
        let call = chassis::client::Call::post(world.url("/v1/orders")).body(body.to_owned());
        with(call, "content-type", content_type)
    };
    let too_large = format!("{{\"customer_id\": \"{}\"}}", "x".repeat(64 * 1024));
    for (call, status, code) in [
        (of_type("application/json", "{"), 400, "MALFORMED_REQUEST"),
        (of_type("text/plain", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (of_type("application/json", r#"{"customer_id": 7}"#), 422, "INVALID_FIELDS"),
        (of_type("application/json", "{}"), 422, "INVALID_FIELDS"),
        (of_type("application/json", &too_large), 413, "BODY_TOO_LARGE"),
        (with(of_type("application/json", "{}"), "idempotency-key", "a key"), 400, "MALFORMED_REQUEST"),
    ] {
        assert_eq!(refusal(&world.send(call).await), (status, code.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_has_at_most_a_hundred_items_of_one_currency_and_a_total() {
    let world = World::start(Style::Rest).await;
    let skus: Vec<_> = (0..101).map(|number| format!("SKU-{number}")).collect();
    let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    let response = create(&world, &order_of(&items)).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    assert_eq!(wrong_fields(&response), ["items"]);
    assert_eq!(create(&world, &order_of(&items[..100])).await.status, 201);

    let response = create(&world, &order_of(&[("TEA", 1), ("DOLLAR", 1)])).await;
    assert_eq!(refusal(&response), (422, "CURRENCY_MISMATCH".to_owned()));
    let response = create(&world, &order_of(&[("GOLD", 2)])).await;
    assert_eq!(refusal(&response), (422, "TOTAL_TOO_LARGE".to_owned()));
    let response = create(&world, &order_of(&[("TEA", 1_000_000), ("TEA", 1)])).await;
    assert_eq!(refusal(&response), (422, "QUANTITY_TOO_LARGE".to_owned()));
}

async fn a_product_that_is_not_kept_is_named(world: World) {
    let response = create(&world, &order_of(&[("TEA", 1), ("NONE", 1), ("NOTHING", 2), ("NONE", 3)])).await;
    assert_eq!(refusal(&response), (422, "UNKNOWN_PRODUCT".to_owned()));
    assert_eq!(wrong_fields(&response), ["items[1].sku", "items[2].sku", "items[3].sku"]);
}

async fn without_the_warehouse_no_order_with_items_begins(world: World) {
    world.peers.goes_away(Participant::Warehouse);
    let response = create(&world, &order_of(&[("TEA", 1)])).await;
    assert_eq!(refusal(&response), (503, "UNAVAILABLE".to_owned()));
    assert_eq!(response.headers["retry-after"], "1");
    world.peers.comes_back(Participant::Warehouse);
    assert_eq!(create(&world, &order_of(&[("TEA", 1)])).await.status, 201);
}

async fn a_warehouse_that_is_too_slow_is_as_one_that_is_away(world: World) {
    world.peers.quotes_take(Duration::from_secs(3));
    let call = || world.post("/v1/orders", &order_of(&[("TEA", 1)]));
    assert_eq!(world.send(call()).await.status, 201);
    // Nothing was begun before the deadline of the request, so that it can be told so.
    let response = world.send(with(call(), "x-request-timeout-ms", "1000")).await;
    assert_eq!(refusal(&response), (504, "DEADLINE_EXCEEDED".to_owned()));
    world.peers.quotes_take(Duration::from_secs(60));
    let response = world.send(call()).await;
    assert_eq!(refusal(&response), (503, "UNAVAILABLE".to_owned()));
    let list: Value = world.get("/v1/orders").await.json().unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

async fn a_key_that_comes_again_begins_nothing_though_the_warehouse_is_away(world: World) {
    let call = || with(world.post("/v1/orders", &order_of(&[("TEA", 1)])), "idempotency-key", "k1");
    let first = world.send(call()).await;
    world.peers.goes_away(Participant::Warehouse);
    let again = world.send(call()).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    let other = with(world.post("/v1/orders", &order_of(&[("TEA", 2)])), "idempotency-key", "k1");
    assert_eq!(refusal(&world.send(other).await), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    let list: Value = world.get("/v1/orders").await.json().unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_kept_with_its_key_and_a_failure_is_not() {
    let world = World::start(Style::Rest).await;
    let call =
        |sku| with(world.post("/v1/orders", &order_of(&[("TEA", 1), (sku, 1)])), "idempotency-key", "k1");
    world.peers.goes_away(Participant::Warehouse);
    assert_eq!(world.send(call("DOLLAR")).await.status, 503);
    world.peers.comes_back(Participant::Warehouse);
    assert_eq!(refusal(&world.send(call("DOLLAR")).await), (422, "CURRENCY_MISMATCH".to_owned()));
    world.peers.goes_away(Participant::Warehouse);
    assert_eq!(refusal(&world.send(call("DOLLAR")).await), (422, "CURRENCY_MISMATCH".to_owned()));
}

async fn an_order_can_be_placed_as_it_begins(world: World) {
    let mut body = order_of(&[("TEA", 1)]);
    body["place"] = json!(true);
    let call = || with(world.post("/v1/orders", &body), "prefer", "wait=30");
    let response = world.send(call()).await;
    assert_eq!(response.status, 200);
    let order: Order = response.json().unwrap();
    assert_eq!(order.status, OrderStatus::Completed);
    assert_eq!(response.headers["location"], format!("/v1/orders/{}", order.id));
    assert_eq!(response.headers["etag"], format!("\"{}\"", order.version));

    world.peers.hold(Ask::ReserveCredit);
    let response = world.send(call()).await;
    assert_eq!(response.status, 202);
    assert_eq!(response.json::<Order>().unwrap().status, OrderStatus::Pending);
    assert!(response.headers.contains_key("location"));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_placed_does_not_begin() {
    let world = World::start(Style::Rest).await;
    let body = json!({"customer_id": CUSTOMER, "items": [], "place": true});
    assert_eq!(refusal(&create(&world, &body).await), (409, "EMPTY_ORDER".to_owned()));
    let list: Value = world.get("/v1/orders").await.json().unwrap();
    assert_eq!(list, json!({"items": [], "next": null}));
}

async fn a_key_that_comes_again_places_nothing_and_waits_afresh(world: World) {
    let mut body = order_of(&[("TEA", 1)]);
    body["place"] = json!(true);
    let call = |wait| {
        let keyed = with(world.post("/v1/orders", &body), "idempotency-key", "k1");
        with(keyed, "prefer", wait)
    };
    world.peers.hold(Ask::ReserveCredit);
    let first = world.send(call("wait=0")).await;
    assert_eq!(first.status, 202);
    let order: Order = first.json().unwrap();
    let again = world.send(call("wait=1")).await;
    assert_eq!((again.status.as_u16(), again.json::<Order>().unwrap()), (202, order.clone()));
    world.peers.let_go(Ask::ReserveCredit);
    let again = world.send(call("wait=30")).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.headers["location"], first.headers["location"]);
    let ended: Order = again.json().unwrap();
    assert_eq!((ended.id, ended.status), (order.id, OrderStatus::Completed));
    assert!(world.peers.all_asked().iter().all(|asked| asked.order == order.id));
}
