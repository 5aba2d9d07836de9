//! What can be read: one customer, pages of them, the description of the API, and what operators see.

use std::collections::BTreeSet;

use axum::http::Method;
use chassis::client::Call;
use contracts::{customers::Customer, page::Page};
use serde_json::json;

use crate::support::{World, eur, order, refusal, release, reserve, settle, wrong_fields};

#[tokio::test]
async fn a_customer_is_shown_with_an_etag() {
    let world = World::start();
    let id = world.customer(100).await;
    let response = world.get(&format!("/v1/customers/{id}")).await;
    assert_eq!((response.status.as_u16(), &response.headers["etag"]), (200, &"\"1\"".parse().unwrap()));
    assert_eq!(response.headers["x-trace-id"].len(), 32);
}

#[tokio::test]
async fn nobody_is_found_under_an_unknown_id_nor_under_what_is_no_id() {
    let world = World::start();
    for id in ["018f0000-0000-7000-8000-000000000000", "ada"] {
        let response = world.get(&format!("/v1/customers/{id}")).await;
        assert_eq!(refusal(&response), (404, "NOT_FOUND".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_405_and_says_which_it_knows() {
    let world = World::start();
    let response = world.send(Call::new(Method::DELETE, world.url("/v1/customers"))).await;
    assert_eq!(refusal(&response), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert!(response.headers["allow"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn the_past_is_kept_by_another_style() {
    let world = World::start();
    let id = world.customer(100).await;
    for rest in ["?version=1", "?as_of=2026-01-01T00:00:00Z", "?known_at=2026-01-01T00:00:00Z", "/history"] {
        let response = world.get(&format!("/v1/customers/{id}{rest}")).await;
        assert_eq!(refusal(&response), (501, "NOT_IMPLEMENTED".to_owned()), "{rest}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_and_show_everybody_once_in_the_order_of_registration() {
    let world = World::start();
    let mut registered = Vec::new();
    for _ in 0..5 {
        registered.push(world.customer(100).await);
    }
    let (mut seen, mut sizes, mut path) = (Vec::new(), Vec::new(), "/v1/customers?limit=2".to_owned());
    loop {
        let page: Page<Customer> = world.get(&path).await.json().unwrap();
        sizes.push(page.items.len());
        seen.extend(page.items.into_iter().map(|customer| customer.id));
        let Some(next) = page.next else { break };
        path = format!("/v1/customers?limit=2&cursor={next}");
    }
    assert_eq!((seen, sizes), (registered, vec![2, 2, 1]));
}

#[tokio::test]
async fn a_page_has_20_customers_unless_told_otherwise_and_the_last_one_no_next() {
    let world = World::start();
    for _ in 0..20 {
        world.customer(100).await;
    }
    let page: Page<Customer> = world.get("/v1/customers").await.json().unwrap();
    assert_eq!((page.items.len(), page.next), (20, None));
    world.customer(100).await;
    let page: Page<Customer> = world.get("/v1/customers").await.json().unwrap();
    assert_eq!(page.items.len(), 20);
    assert!(page.next.is_some());
}

#[tokio::test]
async fn a_malformed_page_is_400_and_names_the_parameter() {
    let world = World::start();
    for (query, field) in
        [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor")]
    {
        let response = world.get(&format!("/v1/customers?{query}")).await;
        assert_eq!(refusal(&response), (400, "MALFORMED_REQUEST".to_owned()), "{query}");
        assert_eq!(wrong_fields(&response), [field], "{query}");
    }
}

#[tokio::test]
async fn the_document_of_the_api_names_every_public_route() {
    let document = customers::http::openapi();
    let paths: BTreeSet<&str> = document.paths.paths.keys().map(String::as_str).collect();
    let expected = ["/v1/customers", "/v1/customers/{id}", "/v1/customers/{id}/history"];
    assert_eq!(paths, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_audit_shows_everybody_and_what_is_set_aside_for_whom() {
    let world = World::start();
    let (ada, bob) = (world.customer(100).await, world.customer(50).await);
    world.ask(&reserve(ada, order(1), eur(30))).await;
    world.ask(&reserve(ada, order(2), eur(20))).await;
    world.ask(&settle(ada, order(2))).await;
    world.ask(&release(bob, order(3))).await;

    let audit = world.admin("/audit").await;
    assert_eq!(audit["service"], "customers");
    assert_eq!(audit["pending"], json!({"outbox": 0, "parked": 0}));
    assert_eq!(
        audit["counters"],
        json!({"customers": 2, "reservations_barred": 1, "reservations_held": 1, "reservations_settled": 1})
    );
    let [first, second] = audit["aggregates"].as_array().unwrap().as_slice() else { panic!("{audit}") };
    assert_eq!((&first["id"], &second["id"]), (&json!(ada), &json!(bob)));
    assert_eq!(first["credit_reserved"], json!(eur(30)));
    assert_eq!(first["held"], json!([{"order_id": order(1), "amount": eur(30)}]));
    assert_eq!(second["held"], json!([]));
    assert_eq!(audit["next"], json!(null));
    let rest = world.admin(&format!("/audit?after={ada}")).await;
    assert_eq!(rest["aggregates"], json!([second]));
}

#[tokio::test]
async fn the_admin_port_says_that_the_service_is_ready_and_names_its_checks() {
    let world = World::start();
    let report = world.admin("/readyz").await;
    assert_eq!(report["ready"], json!(true));
    let names: Vec<_> =
        report["checks"].as_array().unwrap().iter().map(|check| check["name"].clone()).collect();
    assert!(names.contains(&json!("database")), "{names:?}");
}
