use axum::{
    Router,
    http::{Method, StatusCode},
    response::IntoResponse,
    routing::get,
};
use chassis::problem::Problem;
use contracts::timeline::{Kind, Timeline};
use serde_json::{Value, json};

use crate::rig::{Owners, Rig, json, refusal};

const ORDER: &str = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";
const SENT: &str = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a11";

/// A service that tells this of its part.
fn telling(steps: Value, left_out: u64) -> Option<Router> {
    let part = json!({"steps": steps, "commits": 2, "left_out": left_out});
    let tell = get(async move || axum::Json(part));
    Some(Router::new().route(&format!("/internal/timeline/{ORDER}"), tell))
}

fn step(id: &str, at: &str, service: &str, kind: &str, name: &str, outcome: &str) -> Value {
    json!({"id": id, "at": at, "service": service, "kind": kind, "name": name, "outcome": outcome})
}

fn with(mut step: Value, more: Value) -> Value {
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

/// Ordering asks customers by a message, whose clock is an hour behind.
fn owners() -> Owners {
    let placed = step("o1", "2026-01-01T12:00:00Z", "ordering", "event", "order.placed", "done");
    let sent = step("o2", "2026-01-01T12:00:00Z", "ordering", "message", "customers.command", "sent");
    let sent = with(sent, json!({"link": SENT, "peer": "customers", "bytes": 100}));
    let call = step("o3", "2026-01-01T12:00:01Z", "ordering", "call", "GET /v1/products/{sku}", "200");
    let call = with(call, json!({"bytes": 50, "took_us": 3, "peer": "warehouse", "a later field": 1}));
    let handled = step("c1", "2026-01-01T11:00:00Z", "customers", "message", "customers.command", "handled");
    let handled = with(handled, json!({"follows": SENT, "peer": "ordering"}));
    Owners {
        ordering: telling(json!([placed, sent, call]), 0),
        customers: telling(json!([handled]), 0),
        warehouse: telling(json!([]), 0),
        shipping: telling(json!([]), 0),
        billing: telling(json!([]), 0),
        views: None,
    }
}

async fn timeline(owners: Owners) -> Timeline {
    let answer = Rig::of(owners).get(&format!("/v1/orders/{ORDER}/timeline")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().unwrap()
}

fn codes(timeline: &Timeline) -> Vec<&str> {
    timeline.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

fn ids(timeline: &Timeline) -> Vec<&str> {
    timeline.entries.iter().map(|entry| entry.id.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_every_service_did_comes_in_one_order_and_adds_up() {
    let told = timeline(owners()).await;
    assert_eq!((ids(&told), codes(&told)), (vec!["o1", "o2", "c1", "o3"], vec![]));
    assert_eq!(told.entries[2].caused_by.as_deref(), Some("o2"));
    assert_eq!((told.entries[0].kind, told.entries[0].outcome.as_deref()), (Kind::Event, Some("PENDING")));
    let totals = told.totals;
    assert_eq!((totals.messages, totals.calls, totals.bytes, totals.commits), (1, 1, 150, 10));
}

#[tokio::test(start_paused = true)]
async fn what_only_services_tell_each_other_is_not_handed_on() {
    let answer = Rig::of(owners()).get(&format!("/v1/orders/{ORDER}/timeline")).await;
    let told = json(&answer);
    assert_eq!(told["order_id"], ORDER);
    for step in told["entries"].as_array().unwrap() {
        assert!(step.get("link").is_none() && step.get("follows").is_none(), "{step}");
    }
    let answer = Rig::of(owners()).get(&format!("/internal/timeline/{ORDER}")).await;
    assert_eq!(refusal(&answer), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_or_talks_nonsense_costs_a_warning() {
    type Away = fn() -> Option<Router>;
    let failing: Away = || Some(Router::new().fallback(async || StatusCode::INTERNAL_SERVER_ERROR));
    let nonsense: Away = || Some(Router::new().fallback(async || "<html>"));
    let slow: Away = || Some(Router::new().fallback(async || std::future::pending::<()>().await));
    for away in [|| None, failing, nonsense, slow] {
        let told = timeline(Owners { customers: away(), ..owners() }).await;
        assert_eq!((ids(&told), codes(&told)), (vec!["o1", "o2", "o3"], vec!["CUSTOMERS_UNAVAILABLE"]));
        // Without the order's own service, too, the rest is told.
        let told = timeline(Owners { ordering: away(), ..owners() }).await;
        assert_eq!((ids(&told), codes(&told)), (vec!["c1"], vec!["ORDERING_UNAVAILABLE"]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_did_more_than_it_tells_costs_a_warning() {
    let told = timeline(Owners { warehouse: telling(json!([]), 7), ..owners() }).await;
    assert_eq!(codes(&told), ["WAREHOUSE_CUT"]);
    assert!(told.warnings[0].detail.contains("at least 7 are left out"), "{:?}", told.warnings);
}

/// Services that know nothing of any order, and ordering that answers so when it is asked for the order.
fn knowing_nothing(order: fn() -> axum::response::Response) -> Owners {
    let nothing = || telling(json!([]), 0);
    let ordering = nothing().map(|router| router.route("/v1/orders/{id}", get(async move || order())));
    Owners {
        ordering,
        customers: nothing(),
        warehouse: nothing(),
        shipping: nothing(),
        billing: nothing(),
        views: None,
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_does_not_exist_is_404_and_one_that_is_forgotten_is_empty() {
    let path = format!("/v1/orders/{ORDER}/timeline");
    let unknown = knowing_nothing(|| Problem::not_found("order").into_response());
    assert_eq!(refusal(&Rig::of(unknown).get(&path).await), (404, "NOT_FOUND".to_owned()));
    let forgotten = timeline(knowing_nothing(|| "{}".into_response())).await;
    assert!(forgotten.entries.is_empty() && forgotten.warnings.is_empty());
    assert_eq!(refusal(&Rig::of(owners()).get("/v1/orders/7/timeline").await).0, 404);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_who_is_there_knows_of_it_nobody_can_say() {
    let away = Owners { shipping: None, ..knowing_nothing(|| Problem::not_found("order").into_response()) };
    let answer = Rig::of(away).get(&format!("/v1/orders/{ORDER}/timeline")).await;
    assert_eq!((answer.status.as_u16(), answer.headers.contains_key("retry-after")), (503, true));
    let statuses: [fn() -> axum::response::Response; 3] = [
        || StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        || StatusCode::SERVICE_UNAVAILABLE.into_response(),
        || StatusCode::TOO_MANY_REQUESTS.into_response(),
    ];
    for ordering in statuses {
        let answer = Rig::of(knowing_nothing(ordering)).get(&format!("/v1/orders/{ORDER}/timeline")).await;
        assert_eq!(answer.status, 503, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_get_and_head_ask_for_a_timeline() {
    let rig = Rig::of(owners());
    let path = format!("/v1/orders/{ORDER}/timeline");
    assert_eq!(rig.send(Method::HEAD, &path, &[], "").await.status, 200);
    assert_eq!(refusal(&rig.send(Method::POST, &path, &[], "{}").await).0, 405);
}
