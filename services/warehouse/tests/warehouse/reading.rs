//! What can be read: one product, pages of them, the description of the API, and what operators see.

use std::collections::BTreeSet;

use axum::http::Method;
use chassis::client::Call;
use contracts::{page::Page, warehouse::Product};
use serde_json::json;

use crate::support::{World, lines, order, refusal, release, reserve, take_out, wrong_fields};

#[tokio::test]
async fn a_product_is_shown_with_an_etag() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    let response = world.get(&format!("/v1/products/{tea}")).await;
    assert_eq!((response.status.as_u16(), &response.headers["etag"]), (200, &"\"1\"".parse().unwrap()));
    assert_eq!(response.headers["x-trace-id"].len(), 32);
}

#[tokio::test]
async fn nothing_is_found_under_an_unknown_sku_nor_under_what_is_no_sku() {
    let world = World::start();
    for sku in ["TEA-100", "no%20sku"] {
        let response = world.get(&format!("/v1/products/{sku}")).await;
        assert_eq!(refusal(&response), (404, "NOT_FOUND".to_owned()), "{sku}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_405_and_says_which_it_knows() {
    let world = World::start();
    let response = world.send(Call::new(Method::DELETE, world.url("/v1/products"))).await;
    assert_eq!(refusal(&response), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert!(response.headers["allow"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn the_past_is_kept_and_corrected_by_another_style() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    for rest in ["?version=1", "?as_of=2026-01-01T00:00:00Z", "?known_at=2026-01-01T00:00:00Z", "/history"] {
        let response = world.get(&format!("/v1/products/{tea}{rest}")).await;
        assert_eq!(refusal(&response), (501, "NOT_IMPLEMENTED".to_owned()), "{rest}");
    }
    let correction = json!({
        "unit_price": {"amount": 1, "currency": "EUR"}, "effective_from": "2026-01-01T00:00:00Z", "dry_run": true,
    });
    let corrected = world.post(&format!("/v1/products/{tea}/corrections"), &correction).await;
    assert_eq!(refusal(&corrected), (501, "NOT_IMPLEMENTED".to_owned()));
}

#[tokio::test]
async fn pages_follow_one_another_and_show_everything_once_by_sku() {
    let world = World::start();
    for name in ["C", "A", "E", "B", "D"] {
        world.product(name, 1).await;
    }
    let (mut seen, mut sizes, mut path) = (String::new(), Vec::new(), "/v1/products?limit=2".to_owned());
    loop {
        let page: Page<Product> = world.get(&path).await.json().unwrap();
        sizes.push(page.items.len());
        page.items.iter().for_each(|product| seen.push_str(product.sku.as_str()));
        let Some(next) = page.next else { break };
        path = format!("/v1/products?limit=2&cursor={next}");
    }
    assert_eq!((seen.as_str(), sizes), ("ABCDE", vec![2, 2, 1]));
}

#[tokio::test]
async fn a_page_has_20_products_unless_told_otherwise_and_the_last_one_no_next() {
    let world = World::start();
    for number in 0..20 {
        world.product(&format!("TEA-{number}"), 1).await;
    }
    let page: Page<Product> = world.get("/v1/products").await.json().unwrap();
    assert_eq!((page.items.len(), page.next), (20, None));
    world.product("TEA-20", 1).await;
    let page: Page<Product> = world.get("/v1/products").await.json().unwrap();
    assert_eq!(page.items.len(), 20);
    assert!(page.next.is_some());
}

#[tokio::test]
async fn a_malformed_page_is_400_and_names_the_parameter() {
    let world = World::start();
    for (query, field) in
        [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("cursor=%21", "cursor")]
    {
        let response = world.get(&format!("/v1/products?{query}")).await;
        assert_eq!(refusal(&response), (400, "MALFORMED_REQUEST".to_owned()), "{query}");
        assert_eq!(wrong_fields(&response), [field], "{query}");
    }
}

#[test]
fn the_document_of_the_api_names_every_public_route() {
    let document = warehouse::http::openapi();
    let paths: BTreeSet<&str> = document.paths.paths.keys().map(String::as_str).collect();
    let expected = [
        "/v1/products",
        "/v1/products/{sku}",
        "/v1/products/{sku}/corrections",
        "/v1/products/{sku}/history",
        "/v1/products/{sku}/restock",
    ];
    assert_eq!(paths, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_audit_shows_every_product_and_what_is_set_aside_of_it() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 100).await, world.product("CUPS", 10).await);
    world.ask(&reserve(order(1), &lines([(&tea, 30), (&cups, 3)]))).await;
    world.ask(&reserve(order(2), &lines([(&tea, 20)]))).await;
    world.ask(&take_out(order(2), &lines([(&tea, 20)]))).await;
    world.ask(&release(order(3), &lines([(&cups, 1)]))).await;

    let audit = world.admin("/audit").await;
    assert_eq!(
        (&audit["service"], &audit["pending"]),
        (&json!("warehouse"), &json!({"outbox": 0, "parked": 0}))
    );
    let expected = json!({
        "products": 2, "pieces_taken_out": 20,
        "reservations_barred": 1, "reservations_held": 2, "reservations_taken_out": 1,
    });
    assert_eq!(audit["counters"], expected);
    let [first, second] = audit["aggregates"].as_array().unwrap().as_slice() else { panic!("{audit}") };
    assert_eq!((&first["sku"], &second["sku"]), (&json!("CUPS"), &json!("TEA")));
    assert_eq!(first["held"], json!([{"order_id": order(1), "quantity": 3}]));
    assert_eq!(second["held"], json!([{"order_id": order(1), "quantity": 30}]));
    assert_eq!(
        [&second["received"], &second["on_hand"], &second["reserved"]],
        [&json!(100), &json!(80), &json!(30)]
    );
    assert_eq!(audit["next"], json!(null));
    let rest = world.admin(&format!("/audit?after={cups}")).await;
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
