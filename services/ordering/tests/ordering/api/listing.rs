//! `GET /v1/orders`.

use std::time::Duration;

use contracts::{
    Style,
    ordering::{Order, OrderStatus},
    page::Page,
};
use serde_json::json;

use crate::support::{Ask, CUSTOMER, World, refusal, wrong_fields};

async fn world() -> World {
    World::start(Style::Rest).await
}

async fn list(world: &World, query: &str) -> Page<Order> {
    let response = world.get(&format!("/v1/orders{query}")).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.json().unwrap()
}

#[tokio::test(start_paused = true)]
async fn orders_are_listed_newest_first_page_by_page() {
    let world = world().await;
    let mut orders = Vec::new();
    for _ in 0..7 {
        orders.push(world.create(&[("TEA", 1)]).await);
    }
    orders.reverse();
    let mut found = Vec::new();
    let mut query = "?limit=3".to_owned();
    for pages in 1.. {
        let page = list(&world, &query).await;
        found.extend(page.items);
        match page.next {
            Some(next) => query = format!("?limit=3&cursor={next}"),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(found, orders);
    assert_eq!(
        list(&world, "?limit=7").await.next,
        None,
        "a page that is full is not followed by an empty one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_is_of_twenty_unless_told() {
    let world = world().await;
    for _ in 0..21 {
        world.create(&[]).await;
    }
    let page = list(&world, "").await;
    assert_eq!(page.items.len(), 20);
    assert_eq!(list(&world, &format!("?cursor={}", page.next.unwrap())).await.items.len(), 1);
    assert_eq!(list(&world, "?limit=100").await.items.len(), 21);
}

#[tokio::test(start_paused = true)]
async fn orders_are_found_by_customer_status_product_and_time_and_by_all_of_them() {
    let world = world().await;
    let other = "0198c5f0-0000-7000-8000-000000000000";
    let body = json!({"customer_id": other, "items": [{"sku": "CUP", "quantity": 1}]});
    let others: Order = world.send(world.post("/v1/orders", &body)).await.json().unwrap();
    let open = world.create(&[("TEA", 1), ("CUP", 1)]).await;
    let early = world.until_in(&world.placed().await, OrderStatus::Completed).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.peers.hold(Ask::ReserveCredit);
    let late = world.placed().await;

    let placed_at = early.placed_at.unwrap();
    for (query, expected) in [
        (String::new(), vec![&late, &early, &open, &others]),
        (format!("?customer_id={other}"), vec![&others]),
        (format!("?customer_id={CUSTOMER}"), vec![&late, &early, &open]),
        ("?status=COMPLETED".to_owned(), vec![&early]),
        ("?status=CANCELLED".to_owned(), vec![]),
        ("?sku=CUP".to_owned(), vec![&open, &others]),
        (format!("?customer_id={CUSTOMER}&sku=CUP"), vec![&open]),
        (format!("?placed_after={placed_at}"), vec![&late]),
        ("?placed_after=2025-12-31T23:59:59Z".to_owned(), vec![&late, &early]),
        (format!("?customer_id={CUSTOMER}&status=PENDING&sku=TEA&placed_after={placed_at}"), vec![&late]),
        (format!("?customer_id={CUSTOMER}&cursor={}", early.id), vec![&open]),
    ] {
        let found: Vec<_> = list(&world, &query).await.items.into_iter().map(|order| order.id).collect();
        assert_eq!(found, expected.iter().map(|order| order.id).collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_wrong_parameter_is_named() {
    let world = world().await;
    let query = "?customer_id=me&status=GOOD&sku=%20&placed_after=today&limit=101&cursor=last";
    let response = world.get(&format!("/v1/orders{query}")).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    let all = ["cursor", "customer_id", "limit", "placed_after", "sku", "status"];
    assert_eq!(wrong_fields(&response), all);
    let response = world.get("/v1/orders?limit=0").await;
    assert_eq!(wrong_fields(&response), ["limit"]);
    let response = world.get("/v1/orders?limit=many").await;
    assert_eq!(refusal(&response), (400, "MALFORMED_REQUEST".to_owned()));
    assert_eq!(wrong_fields(&response), ["limit"]);
}
