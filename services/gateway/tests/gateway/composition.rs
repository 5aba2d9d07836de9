use std::time::Duration;

use axum::{
    Router,
    extract::RawQuery,
    http::{Method, StatusCode},
    response::IntoResponse,
    routing::get,
};
use chassis::client::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::{Owners, Rig, json, refusal};

const ORDER: &str = "/v1/orders/0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";

/// Ordering with one order, which has a field that the gateway does not know and a number that a float would lose.
fn one_order() -> Option<Router> {
    let order = r#"{"id":"0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10","status":"SHIPPED","shipment":null,"invoice":null,"warnings":[],"version":9007199254740993,"later":{"b":1,"a":2}}"#;
    let show = get(async move || ([("content-type", "application/json"), ("etag", "\"7\"")], order));
    Some(Router::new().route("/v1/orders/{id}", show))
}

fn list(path: &str, items: Value) -> Option<Router> {
    let list = async move |RawQuery(query): RawQuery| {
        assert_eq!(query.as_deref(), Some("order_id=0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10"));
        axum::Json(json!({"items": items, "next": null}))
    };
    Some(Router::new().route(path, get(list)))
}

fn slow() -> Option<Router> {
    Some(Router::new().fallback(async || std::future::pending::<()>().await))
}

fn failing() -> Option<Router> {
    Some(Router::new().fallback(async || StatusCode::INTERNAL_SERVER_ERROR))
}

fn talking_nonsense() -> Option<Router> {
    Some(Router::new().fallback(async || "<html>"))
}

/// With a shipment and an invoice, each kept by its owner.
fn owners() -> Owners {
    Owners {
        ordering: one_order(),
        shipping: list("/v1/shipments", json!([{"carrier": "DHL"}])),
        billing: list("/v1/invoices", json!([{"status": "PAID"}])),
        ..Owners::mirrors("rest")
    }
}

fn codes(order: &Response) -> Vec<String> {
    let warnings = json(order)["warnings"].clone();
    warnings.as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_order_comes_with_both_parts_and_everything_else_as_it_was() {
    let answer = Rig::of(owners()).get(ORDER).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&answer.headers["etag"], &answer.headers["content-type"]),
        (&"\"7\"".parse().unwrap(), &"application/json".parse().unwrap())
    );
    let expected = r#"{"id":"0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10","status":"SHIPPED","shipment":{"carrier":"DHL"},"invoice":{"status":"PAID"},"warnings":[],"version":9007199254740993,"later":{"b":1,"a":2}}"#;
    assert_eq!(answer.body, expected);
}

#[tokio::test(start_paused = true)]
async fn only_the_parts_that_are_asked_for_come() {
    let rig = Rig::of(owners());
    for (include, shipment, invoice) in [
        ("shipment", true, false),
        ("invoice", false, true),
        ("invoice,shipment", true, true),
        ("shipment&include=invoice", true, true),
        ("shipment,shipment", true, false),
        ("", false, false),
    ] {
        let order = json(&rig.get(&format!("{ORDER}?include={include}")).await);
        assert_eq!(
            (order["shipment"].is_object(), order["invoice"].is_object()),
            (shipment, invoice),
            "{include}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_without_parts_yet_has_none_and_no_warning() {
    let owners = Owners {
        shipping: list("/v1/shipments", json!([])),
        billing: list("/v1/invoices", json!([])),
        ..owners()
    };
    let answer = Rig::of(owners).get(ORDER).await;
    assert_eq!(
        (json(&answer)["shipment"].clone(), json(&answer)["invoice"].clone()),
        (Value::Null, Value::Null)
    );
    assert!(codes(&answer).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_part_that_no_order_has_is_400() {
    let answer = Rig::of(owners()).get(&format!("{ORDER}?include=shipment,customer")).await;
    assert_eq!(refusal(&answer), (400, "MALFORMED_REQUEST".into()));
    assert_eq!(answer.problem().unwrap().errors.unwrap()[0].field, "include");
}

#[tokio::test(start_paused = true)]
async fn an_owner_of_a_part_that_is_away_costs_a_warning() {
    type Away = fn() -> Option<Router>;
    for away in [|| None, failing as Away, talking_nonsense, slow] {
        let answer = Rig::of(Owners { shipping: away(), ..owners() }).get(ORDER).await;
        assert_eq!(
            (answer.status, codes(&answer)),
            (StatusCode::OK, vec!["SHIPMENT_UNAVAILABLE".to_owned()])
        );
        assert_eq!(
            (&json(&answer)["shipment"], &json(&answer)["invoice"]["status"]),
            (&Value::Null, &"PAID".into())
        );

        let answer = Rig::of(Owners { billing: away(), ..owners() }).get(ORDER).await;
        assert_eq!((answer.status, codes(&answer)), (StatusCode::OK, vec!["INVOICE_UNAVAILABLE".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn both_away_or_slow_cost_two_warnings_and_one_wait() {
    let rig = Rig::of(Owners { shipping: slow(), billing: slow(), ..owners() });
    let began = Instant::now();
    let answer = rig.get(ORDER).await;
    assert_eq!(codes(&answer), ["SHIPMENT_UNAVAILABLE", "INVOICE_UNAVAILABLE"]);
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(answer.headers["etag"], "\"7\"");
}

#[tokio::test(start_paused = true)]
async fn slow_parts_leave_time_for_the_answer_before_the_clients_deadline() {
    let rig = Rig::of(Owners { shipping: slow(), ..owners() });
    let answer = rig.send(Method::GET, ORDER, &[("x-request-timeout-ms", "200")], "").await;
    assert_eq!((answer.status, codes(&answer)), (StatusCode::OK, vec!["SHIPMENT_UNAVAILABLE".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_warning_of_ordering_stays() {
    let order = async || axum::Json(json!({"warnings": [{"code": "OLD", "detail": "."}]}));
    let ordering = Some(Router::new().route("/v1/orders/{id}", get(order)));
    let answer = Rig::of(Owners { ordering, shipping: None, ..owners() }).get(ORDER).await;
    assert_eq!(codes(&answer), ["OLD", "SHIPMENT_UNAVAILABLE"]);
}

#[tokio::test(start_paused = true)]
async fn without_ordering_there_is_no_order() {
    let answer = Rig::of(Owners { ordering: None, ..owners() }).get(ORDER).await;
    assert_eq!(refusal(&answer), (503, "UNAVAILABLE".into()));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_ordering_does_not_know_is_its_404() {
    let unknown = async || chassis::problem::Problem::not_found("order").into_response();
    let ordering = Some(Router::new().route("/v1/orders/{id}", get(unknown)));
    let answer = Rig::of(Owners { ordering, ..owners() }).get(ORDER).await;
    assert_eq!((answer.status.as_u16(), answer.problem().unwrap().code), (404, "NOT_FOUND".to_owned()));
    assert_eq!(refusal(&Rig::of(owners()).get("/v1/orders/seven").await).0, 404);
}

#[tokio::test(start_paused = true)]
async fn an_order_of_the_past_is_its_owners_to_tell_and_has_no_parts() {
    let rig = Rig::of(owners());
    for query in [
        "version=3",
        "as_of=2026-01-01T00:00:00Z",
        "as_of=2026-01-01T00:00:00Z&known_at=2026-02-01T00:00:00Z",
    ] {
        let order = json(&rig.get(&format!("{ORDER}?{query}")).await);
        assert!(order["shipment"].is_null() && order["invoice"].is_null(), "parts are of today: {order}");
    }
}
