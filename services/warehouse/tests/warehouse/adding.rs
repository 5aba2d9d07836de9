//! `POST /v1/products`.

use axum::http::{HeaderName, HeaderValue};
use chassis::client::Call;
use contracts::{Count, page::Page, warehouse::Product};
use serde_json::{Value, json};

use crate::support::{World, addition, eur, refusal, wrong_fields};

#[tokio::test]
async fn what_is_added_is_a_product_with_all_its_pieces_available() {
    let world = World::start();
    let response = world.post("/v1/products", &addition("TEA-100", 12)).await;
    assert_eq!(response.status, 201);
    assert_eq!(response.headers["location"], "/v1/products/TEA-100");
    assert_eq!(response.headers["etag"], "\"1\"");
    let product: Product = response.json().unwrap();
    let counts = [product.received, product.on_hand, product.reserved, product.available].map(Count::get);
    assert_eq!((counts, product.unit_price, product.version), ([12, 12, 0, 12], eur(499), 1));
    assert_eq!(world.find(&product.sku).await, product);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::start();
    let body = json!({
        "sku": "no blanks", "name": "", "on_hand": -1,
        "unit_price": {"amount": -1, "currency": "EURO"},
    });
    let response = world.post("/v1/products", &body).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    let expected = ["name", "on_hand", "sku", "unit_price.amount", "unit_price.currency"];
    assert_eq!(wrong_fields(&response), expected);
}

#[tokio::test]
async fn a_body_of_another_shape_is_422_and_what_is_not_json_400() {
    let world = World::start();
    let mut body = addition("TEA-100", 1);
    body["on_hand"] = json!(1.5);
    let shapeless = world.post("/v1/products", &body).await;
    assert_eq!((refusal(&shapeless).0, wrong_fields(&shapeless)), (422, vec!["on_hand".to_owned()]));
    let json_type = HeaderValue::from_static("application/json");
    let url = world.url("/v1/products");
    let broken = Call::post(&url).header(HeaderName::from_static("content-type"), json_type).body("{");
    assert_eq!(refusal(&world.send(broken).await), (400, "MALFORMED_REQUEST".to_owned()));
    let untyped = Call::post(&url).body("sku=TEA-100");
    assert_eq!(refusal(&world.send(untyped).await), (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
}

#[tokio::test]
async fn a_body_above_64_kib_is_413() {
    let world = World::start();
    let mut body = addition("TEA-100", 1);
    body["name"] = Value::String("A".repeat(70_000));
    assert_eq!(refusal(&world.post("/v1/products", &body).await), (413, "BODY_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn a_sku_is_taken_by_the_first_who_adds_it() {
    let world = World::start();
    let sku = world.product("TEA-100", 12).await;
    let second = world.post("/v1/products", &addition("TEA-100", 99)).await;
    assert_eq!(refusal(&second), (409, "ALREADY_EXISTS".to_owned()));
    assert_eq!(world.stock(&sku).await, (12, 0));
}

#[tokio::test]
async fn a_request_repeated_under_its_key_adds_once_and_has_the_first_answer_again() {
    let world = World::start();
    let first = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    let again = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &first.body));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["etag"], first.headers["etag"]);
}

#[tokio::test]
async fn a_refusal_is_given_again_under_its_key_whatever_happened_since() {
    let world = World::start();
    world.product("TEA-100", 12).await;
    let first = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    let again = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    assert_eq!(
        (refusal(&first), refusal(&again)),
        ((409, "ALREADY_EXISTS".into()), (409, "ALREADY_EXISTS".into()))
    );
}

#[tokio::test]
async fn a_key_survives_a_crash() {
    let mut world = World::start();
    let first = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    world.crash();
    world.restart();
    let again = world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    assert_eq!((again.status, again.body), (first.status, first.body));
}

#[tokio::test]
async fn a_key_that_stands_for_another_body_is_refused() {
    let world = World::start();
    world.post_under("k1", "/v1/products", &addition("TEA-100", 5)).await;
    let other = world.post_under("k1", "/v1/products", &addition("TEA-200", 5)).await;
    assert_eq!(refusal(&other), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    let page: Page<Product> = world.get("/v1/products").await.json().unwrap();
    assert_eq!(page.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_the_same_sku_at_once_one_does() {
    let world = World::start();
    let body = addition("TEA-100", 5);
    let sent = futures_util::future::join_all((0..16).map(|_| world.post("/v1/products", &body))).await;
    let statuses: Vec<_> = sent.iter().map(|response| response.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15, "{statuses:?}");
}
