use axum::{Json, Router, extract::Query, routing::get};
use chassis::client::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rig::{Owners, Rig, json, refusal};

const PATH: &str = "/v1/views/recent-valuable-customers?since=2026-01-02T00:00:00Z&min_total=1.00%20EUR";

#[derive(Deserialize)]
struct Asked {
    customer_id: Option<Uuid>,
    status: Option<String>,
    limit: usize,
    cursor: Option<usize>,
}

fn customer(number: u128) -> Value {
    let money = json!({"amount": 0, "currency": "EUR"});
    let address = json!({"line1": "1 Road", "postal_code": "1", "city": "London", "country": "GB"});
    json!({
        "id": Uuid::from_u128(number), "name": format!("Ada {number}"), "email": "ada@example.org", "address": address,
        "credit_limit": money, "credit_reserved": money, "credit_available": money, "version": 1,
        "created_at": format!("2026-01-0{}T00:00:00Z", number % 9 + 1),
    })
}

fn order(of: Uuid, status: &str, cents: i64) -> Value {
    json!({
        "id": Uuid::from_u128(77), "customer_id": of, "reference": null, "status": status, "reason": null,
        "waiting_for": null, "cancel": null, "items": [], "total": {"amount": cents, "currency": "EUR"}, "ship_to": null,
        "shipment": null, "invoice": null, "warnings": [], "created_at": "2026-01-01T00:00:00Z", "placed_at": null,
        "finished_at": null, "version": 1,
    })
}

/// So many customers; each has a COMPLETED order of as many euros as their number, and a cheap one.
fn owners(count: u128) -> Owners {
    let customers = get(async move |Query(asked): Query<Asked>| {
        let all = (1..=count).map(customer).collect();
        Json(page(all, &asked))
    });
    let orders = get(async |Query(asked): Query<Asked>| {
        let of = asked.customer_id.unwrap();
        let all = match asked.status.as_deref() {
            Some(status @ "COMPLETED") => {
                vec![order(of, status, i64::try_from(of.as_u128()).unwrap() * 100), order(of, status, 99)]
            }
            _ => Vec::new(),
        };
        Json(page(all, &asked))
    });
    Owners {
        customers: Some(Router::new().route("/v1/customers", customers)),
        ordering: Some(Router::new().route("/v1/orders", orders)),
        ..Owners::mirrors("rest")
    }
}

fn page(all: Vec<Value>, asked: &Asked) -> Value {
    let from = asked.cursor.unwrap_or(0);
    let until = (from + asked.limit).min(all.len());
    let next = (until < all.len()).then(|| until.to_string());
    json!({"items": all[from..until], "next": next})
}

fn cost(answer: &Response) -> (u64, u64) {
    let number = |name: &str| answer.headers[name].to_str().unwrap().parse().unwrap();
    (number("x-composed-requests"), number("x-composed-bytes"))
}

#[tokio::test(start_paused = true)]
async fn without_views_the_owners_are_asked_for_everything_and_the_answer_says_what_it_took() {
    let rig = Rig::of(owners(3));
    let answer = rig.get(PATH).await;
    let found = json(&answer);
    let names: Vec<_> = found["items"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Ada 3", "Ada 2", "Ada 1"]);
    assert_eq!(
        (&found["items"][0]["orders"], &found["items"][0]["total"]["amount"]),
        (&json!(1), &json!(300))
    );
    // One page of customers, and a page of the orders of each in both statuses.
    let (requests, bytes) = cost(&answer);
    assert_eq!(requests, 1 + 3 * 2);
    assert!(bytes > 1_000, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_composed_answer_says_where_the_next_begins() {
    let rig = Rig::of(owners(3));
    let first = json(&rig.get(&format!("{PATH}&limit=2")).await);
    let next = first["next"].as_str().unwrap();
    let second = json(&rig.get(&format!("{PATH}&limit=2&cursor={next}")).await);
    assert_eq!(
        (second["items"].as_array().unwrap().len(), &second["items"][0]["name"]),
        (1, &json!("Ada 1"))
    );
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_many_requests_is_no_answer_rather_than_a_part_of_one() {
    assert_eq!(refusal(&Rig::of(owners(1_200)).get(PATH).await), (422, "TOO_MUCH_TO_COMPOSE".into()));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_away_is_503_and_nonsense_is_422() {
    let rig = Rig::of(Owners { ordering: None, ..owners(3) });
    assert_eq!(rig.get(PATH).await.status, 503);
    let rig = Rig::of(owners(3));
    assert_eq!(rig.get("/v1/views/recent-valuable-customers?since=now").await.status, 422);
}
