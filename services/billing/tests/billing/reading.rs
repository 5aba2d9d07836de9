//! What clients and operators read.

use contracts::{Style, billing::Invoice, page::Page};
use serde_json::json;

use crate::support::{Payment, World, order};

#[tokio::test]
async fn invoices_are_listed_in_pages_newest_first() {
    let world = World::start(Style::Rest, Payment::Away).await;
    for number in 1..=5 {
        world.issue(order(number)).await;
    }
    let mut numbers = Vec::new();
    let mut path = "/v1/invoices?limit=2".to_owned();
    loop {
        let page: Page<Invoice> = world.get(&path).await.json().expect("a page");
        numbers.push(page.items.iter().map(|invoice| invoice.id.uuid().as_u128()).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        path = format!("/v1/invoices?limit=2&cursor={next}");
    }
    assert_eq!(numbers, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn a_malformed_list_is_refused() {
    let world = World::start(Style::Rest, Payment::Accepts).await;
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "order_id=x"] {
        assert_eq!(world.get(&format!("/v1/invoices?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn an_order_without_an_invoice_has_none() {
    let world = World::start(Style::Rest, Payment::Accepts).await;
    assert_eq!(world.invoice(order(1)).await, None);
    assert_eq!(world.get(&format!("/v1/invoices/{}", order(1))).await.status, 404);
}

#[tokio::test]
async fn the_audit_tells_everything_and_what_is_still_to_be_done() {
    let world = World::start(Style::Rest, Payment::Away).await;
    world.issue(order(2)).await;
    world.issue(order(1)).await;
    world.until_asked(2).await;
    crate::support::until(async || world.audit().await["pending"]["tasks"] == 2).await;
    let audit = world.audit().await;
    assert_eq!(
        (audit["service"].clone(), audit["counters"].clone()),
        (json!("billing"), json!({"ISSUED": 2}))
    );
    let aggregates = audit["aggregates"].as_array().expect("a list");
    let ids: Vec<_> = aggregates.iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, [json!(order(1)), json!(order(2))]);
    assert_eq!((&aggregates[0]["mailed"], &aggregates[0]["in_doubt"]), (&json!(true), &json!(true)));
}

#[test]
fn the_description_of_the_api_names_every_route() {
    let document = billing::http::openapi();
    let paths: Vec<_> = document.paths.paths.keys().cloned().collect();
    assert_eq!(paths, ["/v1/invoices", "/v1/invoices/{id}", "/v1/invoices/{id}/pay"]);
}
