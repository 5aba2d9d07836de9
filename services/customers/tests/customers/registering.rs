//! `POST /v1/customers`.

use axum::http::{HeaderName, HeaderValue};
use chassis::client::Call;
use contracts::{customers::Customer, page::Page};
use serde_json::{Value, json};

use crate::support::{World, eur, refusal, registration, wrong_fields};

#[tokio::test]
async fn whoever_registers_is_a_customer_with_the_whole_limit_left() {
    let world = World::start();
    let response = world.post("/v1/customers", &registration(100_000)).await;
    assert_eq!(response.status, 201);
    let customer: Customer = response.json().unwrap();
    assert_eq!(response.headers["location"], format!("/v1/customers/{}", customer.id).as_str());
    assert_eq!(response.headers["etag"], "\"1\"");
    assert_eq!(customer.id.uuid().get_version_num(), 7);
    assert_eq!(
        (customer.credit_limit, customer.credit_reserved, customer.credit_available, customer.version),
        (eur(100_000), eur(0), eur(100_000), 1)
    );
    assert_eq!(world.find(customer.id).await, customer);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::start();
    let body = json!({
        "name": " ", "email": "nobody",
        "address": {"line1": "", "postal_code": "", "city": "", "country": "Britain"},
        "credit_limit": {"amount": -1, "currency": "EURO"},
    });
    let response = world.post("/v1/customers", &body).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    let expected = [
        "address.city",
        "address.country",
        "address.line1",
        "address.postal_code",
        "credit_limit.amount",
        "credit_limit.currency",
        "email",
        "name",
    ];
    assert_eq!(wrong_fields(&response), expected);
}

#[tokio::test]
async fn a_body_of_another_shape_is_422_and_what_is_not_json_400() {
    let world = World::start();
    let shapeless = world.post("/v1/customers", &json!({"name": 7})).await;
    assert_eq!((refusal(&shapeless).0, wrong_fields(&shapeless)), (422, vec!["name".to_owned()]));
    let json_type = HeaderValue::from_static("application/json");
    let url = world.url("/v1/customers");
    let broken = Call::post(&url).header(HeaderName::from_static("content-type"), json_type).body("{");
    assert_eq!(refusal(&world.send(broken).await), (400, "MALFORMED_REQUEST".to_owned()));
    let untyped = Call::post(&url).body("name=Ada");
    assert_eq!(refusal(&world.send(untyped).await), (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
}

#[tokio::test]
async fn a_body_above_64_kib_is_413() {
    let world = World::start();
    let mut body = registration(1);
    body["name"] = Value::String("A".repeat(70_000));
    assert_eq!(refusal(&world.post("/v1/customers", &body).await), (413, "BODY_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn a_request_repeated_under_its_key_registers_once_and_has_the_first_answer_again() {
    let world = World::start();
    let first = world.post_under("k1", "/v1/customers", &registration(5)).await;
    let again = world.post_under("k1", "/v1/customers", &registration(5)).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    assert_eq!(registered(&world).await, 1);
}

#[tokio::test]
async fn a_key_survives_a_crash() {
    let mut world = World::start();
    let first = world.post_under("k1", "/v1/customers", &registration(5)).await;
    world.crash();
    world.restart();
    let again = world.post_under("k1", "/v1/customers", &registration(5)).await;
    assert_eq!(again.body, first.body);
    assert_eq!(registered(&world).await, 1);
}

#[tokio::test]
async fn a_key_that_stands_for_another_body_is_refused() {
    let world = World::start();
    world.post_under("k1", "/v1/customers", &registration(5)).await;
    let other = world.post_under("k1", "/v1/customers", &registration(6)).await;
    assert_eq!(refusal(&other), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    assert_eq!(registered(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_many_times_at_once_registers_one_customer() {
    let world = World::start();
    let body = registration(5);
    let sent = (0..16).map(|_| world.post_under("k1", "/v1/customers", &body));
    for response in futures_util::future::join_all(sent).await {
        match response.status.as_u16() {
            201 => {}
            status => assert_eq!((status, refusal(&response).1.as_str()), (409, "IDEMPOTENCY_IN_PROGRESS")),
        }
    }
    assert_eq!(registered(&world).await, 1);
}

async fn registered(world: &World) -> usize {
    world.get("/v1/customers").await.json::<Page<Customer>>().unwrap().items.len()
}
