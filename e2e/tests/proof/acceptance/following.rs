//! Following an order: its statuses as they happen, and what was done about it.

use axum::http::Method;
use serde_json::{Value, json};

use super::{scenarios, shop::Shop};

scenarios! {
    an_order_passes_through_its_statuses_in_order,
    a_stream_goes_on_where_it_was_left,
    a_timeline_tells_what_each_service_did,
    the_parts_of_an_order_can_be_left_out_and_found_by_themselves,
    orders_are_listed_newest_first_and_found_by_what_they_are,
}

/// The events of an order that has an outcome: id, name, status.
async fn events(shop: &Shop, order: &str, last: Option<&str>) -> Vec<(String, String, String)> {
    let mut request = shop.request(Method::GET, &format!("/orders/{order}/events"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.raw().await;
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned())
    };
    let events = text.split("\n\n").filter(|event| event.contains("data:"));
    let told = events.map(|event| {
        let data: Value = serde_json::from_str(&field(event, "data").unwrap()).unwrap();
        let status = data["status"].as_str().unwrap().to_owned();
        (field(event, "id").unwrap_or_default(), field(event, "event").unwrap_or_default(), status)
    });
    told.collect()
}

async fn completed(shop: &Shop) -> String {
    shop.product("TEA", 100, 10).await;
    let id = shop.placed(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    shop.settled(&id, "COMPLETED").await;
    id
}

async fn an_order_passes_through_its_statuses_in_order(shop: &Shop) {
    let id = completed(shop).await;
    let statuses = |events: Vec<(String, String, String)>| -> Vec<_> {
        events.into_iter().map(|(_, name, status)| if name == "outcome" { name } else { status }).collect()
    };
    let forward = ["OPEN", "PENDING", "CREDIT_CONFIRMED", "APPROVED", "SHIPPED", "COMPLETED", "outcome"];
    assert_eq!(statuses(events(shop, &id, None).await), forward);
    let ada = shop.customer(10_000).await;
    let short = shop.placed(&ada, &[("TEA", 100)]).await;
    shop.settled(&short, "REJECTED").await;
    let rejected = ["OPEN", "PENDING", "CREDIT_CONFIRMED", "REJECTED", "outcome"];
    assert_eq!(statuses(events(shop, &short, None).await), rejected);
    shop.set("carrier", &json!({"default": "refuse"})).await;
    let refused = shop.placed(&ada, &[("TEA", 1)]).await;
    shop.settled(&refused, "CANCELLED").await;
    let cancelled =
        ["OPEN", "PENDING", "CREDIT_CONFIRMED", "APPROVED", "CANCEL_PENDING", "CANCELLED", "outcome"];
    assert_eq!(statuses(events(shop, &refused, None).await), cancelled);
}

async fn a_stream_goes_on_where_it_was_left(shop: &Shop) {
    let id = completed(shop).await;
    let all = events(shop, &id, None).await;
    let rest = events(shop, &id, Some(&all[2].0)).await;
    assert_eq!(rest, all[3..]);
    let last = &all.last().unwrap().0;
    let request = shop.request(Method::GET, &format!("/orders/{id}/events")).header("last-event-id", last);
    assert_eq!(request.send().await.status, 204, "nothing can follow");
}

async fn a_timeline_tells_what_each_service_did(shop: &Shop) {
    let id = completed(shop).await;
    let timeline = shop.get(&format!("/orders/{id}/timeline")).await.ok();
    let entries = timeline["entries"].as_array().unwrap();
    for service in ["ordering", "customers", "warehouse", "shipping", "billing"] {
        assert!(entries.iter().any(|entry| entry["service"] == service), "{service} is not in {timeline}");
    }
    assert_eq!(timeline["warnings"], json!([]));
}

async fn the_parts_of_an_order_can_be_left_out_and_found_by_themselves(shop: &Shop) {
    let id = completed(shop).await;
    let whole = shop.show(&id).await;
    let bare = shop.get(&format!("/orders/{id}?include=")).await.ok();
    assert_eq!((&bare["shipment"], &bare["invoice"]), (&Value::Null, &Value::Null));
    for (part, list) in [("shipment", "shipments"), ("invoice", "invoices")] {
        let only = shop.get(&format!("/orders/{id}?include={part}")).await.ok();
        assert_eq!(only[part], whole[part]);
        let found = shop.get(&format!("/{list}?order_id={id}")).await.ok();
        assert_eq!(found["items"], json!([whole[part]]));
    }
}

async fn orders_are_listed_newest_first_and_found_by_what_they_are(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.product("CUP", 250, 10).await;
    let (ada, bob) = (shop.customer(10_000).await, shop.customer(10_000).await);
    let mut placed = Vec::new();
    for (customer, sku) in [(&ada, "TEA"), (&bob, "CUP"), (&ada, "CUP")] {
        let id = shop.placed(customer, &[(sku, 1)]).await;
        shop.settled(&id, "COMPLETED").await;
        placed.push(id);
    }
    let open = shop.order(&ada, &[("TEA", 1)]).await;
    // A list may be behind by what it says it is: so it is asked for at least what was just seen of each order.
    let mut seen = Vec::new();
    for id in placed.iter().chain([&open]) {
        seen.push(format!("orders/{id}@{}", shop.show(id).await["version"]));
    }
    let seen = seen.join(",");
    let list = async |query: String| -> Vec<String> {
        let page = shop.get(&format!("/orders?{query}&at_least={seen}")).await.ok();
        page["items"].as_array().unwrap().iter().map(|order| super::shop::text(&order["id"])).collect()
    };
    assert_eq!(list(format!("customer_id={ada}")).await, [&open, &placed[2], &placed[0]].map(String::clone));
    assert_eq!(list(format!("customer_id={ada}&status=OPEN")).await, std::slice::from_ref(&open));
    assert_eq!(list("sku=CUP".to_owned()).await, [&placed[2], &placed[1]].map(String::clone));
    let first = shop.get(&format!("/orders?limit=1&at_least={seen}")).await.ok();
    assert_eq!(first["items"][0]["id"], open.as_str());
    let next = first["next"].as_str().unwrap();
    assert_eq!(list(format!("limit=1&cursor={next}")).await, [placed[2].clone()]);
}
