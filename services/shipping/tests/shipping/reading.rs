//! What clients and operators read.

use contracts::{Style, page::Page, shipping::Shipment};
use serde_json::json;

use crate::support::{Carrier, World, order};

#[tokio::test]
async fn shipments_are_listed_in_pages_newest_first() {
    let world = World::start(Style::Rest, Carrier::Away).await;
    for number in 1..=5 {
        world.request(order(number)).await;
    }
    let mut numbers = Vec::new();
    let mut path = "/v1/shipments?limit=2".to_owned();
    loop {
        let page: Page<Shipment> = world.get(&path).await.json().expect("a page");
        numbers
            .push(page.items.iter().map(|shipment| shipment.order_id.uuid().as_u128()).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        path = format!("/v1/shipments?limit=2&cursor={next}");
    }
    assert_eq!(numbers, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn a_malformed_list_is_refused() {
    let world = World::start(Style::Rest, Carrier::Accepts).await;
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "order_id=x"] {
        assert_eq!(world.get(&format!("/v1/shipments?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn an_order_without_a_shipment_has_none() {
    let world = World::start(Style::Rest, Carrier::Accepts).await;
    assert_eq!(world.shipment(order(1)).await, None);
    assert_eq!(world.get(&format!("/v1/shipments/{}", order(1))).await.status, 404);
}

#[tokio::test]
async fn the_audit_tells_everything_and_what_is_still_to_be_done() {
    let world = World::start(Style::Rest, Carrier::Away).await;
    world.request(order(2)).await;
    world.until_asked(1).await;
    world.call_off(order(1)).await;
    let audit = world.audit().await;
    assert_eq!(
        (audit["service"].clone(), audit["counters"].clone()),
        (json!("shipping"), json!({"BOOKING": 1, "CALLED_OFF": 1}))
    );
    let ids: Vec<_> =
        audit["aggregates"].as_array().expect("a list").iter().map(|it| it["order_id"].clone()).collect();
    assert_eq!(ids, [json!(order(1)), json!(order(2))]);
    assert_eq!(audit["pending"], json!({"outbox": 0, "parked": 0, "tasks": 1}));
}

#[test]
fn the_description_of_the_api_names_every_route() {
    let document = shipping::http::openapi();
    let paths: Vec<_> = document.paths.paths.keys().cloned().collect();
    assert_eq!(paths, ["/v1/shipments", "/v1/shipments/{order_id}"]);
}
