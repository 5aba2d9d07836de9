//! What views answer.

use serde_json::{Value, json};

use crate::{
    bus::{Bus, completed},
    owners::Scripted,
    support::{Views, at, customer, eur, fields, order, platform},
};

const DAY: i64 = 24 * 3600 * 1_000_000;

/// Views of three customers, of whom Ada has ordered most.
async fn shop() -> (Views, Bus, Scripted) {
    let (platform, bus) = (platform(), Bus::start().await);
    let owners = Scripted::with_nothing(&platform);
    let views = Views::of_events(&platform, &bus.broker(), &owners.owners);
    views.until_live().await;
    let (tea, cups) = (bus.product("TEA", 10).await, bus.product("CUPS", 5).await);
    for (number, name, day) in [(1, "Ada", 10), (2, "Bob", 11), (3, "Old", 1)] {
        bus.customer(customer(number), name, at(day * DAY)).await;
    }
    for (number, of, product, price, time) in [
        (11, 1, &tea, 200, 20),
        (12, 1, &cups, 150, 21),
        (13, 2, &tea, 300, 22),
        (14, 3, &tea, 900, 23),
        (15, 2, &tea, 90, 24),
    ] {
        bus.order(order(number), customer(of), product, eur(price), time * DAY).await;
    }
    for number in [11, 12, 13, 14] {
        bus.happens(order(number), &completed(30 * DAY)).await;
    }
    let done = |page: &Value| page["items"].as_array().is_some_and(|items| items.len() == 4);
    views.until_answered("/v1/orders?status=COMPLETED", done).await;
    views.until_answered("/v1/orders?status=PENDING", |page| !page["items"][0].is_null()).await;
    (views, bus, owners)
}

fn ids(page: &Value) -> Vec<String> {
    fields(page, "id").into_iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn orders(numbers: &[u128]) -> Vec<String> {
    numbers.iter().map(|number| order(*number).to_string()).collect()
}

#[tokio::test]
async fn orders_are_found_by_what_they_have_in_common_newest_first() {
    let (views, ..) = shop().await;
    for (query, expected) in [
        ("", &[15, 14, 13, 12, 11][..]),
        ("customer_id=00000000-0000-0000-0000-000000000001", &[12, 11]),
        ("status=PENDING", &[15]),
        ("sku=TEA", &[15, 14, 13, 11]),
        ("sku=TEA&status=COMPLETED", &[14, 13, 11]),
        ("sku=TEA&customer_id=00000000-0000-0000-0000-000000000002", &[15, 13]),
        ("placed_after=1970-01-23T00:00:00Z", &[15, 14]),
        ("customer_id=00000000-0000-0000-0000-000000000002&status=COMPLETED", &[13]),
        ("sku=NONE", &[]),
    ] {
        assert_eq!(ids(&views.get(&format!("/v1/orders?{query}")).await), orders(expected), "{query}");
    }
}

#[tokio::test]
async fn a_page_says_where_the_next_one_begins() {
    let (views, ..) = shop().await;
    let first = views.get("/v1/orders?limit=2").await;
    let next = first["next"].as_str().unwrap();
    assert_eq!(ids(&first), orders(&[15, 14]));
    let second = views.get(&format!("/v1/orders?limit=2&cursor={next}")).await;
    assert_eq!(ids(&second), orders(&[13, 12]));
    assert_eq!(ids(&views.get(&format!("/v1/orders?cursor={}", order(12))).await), orders(&[11]));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_every_field() {
    let (views, ..) = shop().await;
    for (path, named) in [
        ("/v1/orders?status=GONE&limit=0", &["limit", "status"][..]),
        ("/v1/views/order-history?limit=1000", &["customer_id", "limit"]),
        ("/v1/views/recent-valuable-customers?since=today&status=GONE", &["min_total", "since", "status"]),
    ] {
        let answer = views.ask(path, &[]).await;
        assert_eq!(answer.status, 422, "{path}");
        let errors = answer.problem().unwrap().errors.unwrap();
        let mut fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
        fields.sort();
        assert_eq!(fields, named, "{path}");
    }
}

#[tokio::test]
async fn recent_customers_come_by_what_their_orders_cost() {
    let (views, ..) = shop().await;
    let path = "/v1/views/recent-valuable-customers?since=1970-01-08T00:00:00Z";
    let shown = |page: &Value| -> Vec<(String, i64, i64)> {
        let items = page["items"].as_array().unwrap().iter();
        let row = |item: &Value| {
            let name = item["name"].as_str().unwrap().to_owned();
            (name, item["orders"].as_i64().unwrap(), item["total"]["amount"].as_i64().unwrap())
        };
        items.map(row).collect()
    };
    let all = views.get(&format!("{path}&min_total=1.00%20EUR")).await;
    assert_eq!(shown(&all), [("Ada".to_owned(), 2, 350), ("Bob".to_owned(), 1, 300)]);
    let dear = views.get(&format!("{path}&min_total=1.75%20EUR")).await;
    assert_eq!(shown(&dear), [("Bob".to_owned(), 1, 300), ("Ada".to_owned(), 1, 200)]);
    let first = views.get(&format!("{path}&min_total=1.00%20EUR&limit=1")).await;
    let next = first["next"].as_str().unwrap();
    let second = views.get(&format!("{path}&min_total=1.00%20EUR&limit=1&cursor={next}")).await;
    assert_eq!((shown(&first).len(), shown(&second)), (1, vec![("Bob".to_owned(), 1, 300)]));
    assert_eq!(second["next"], Value::Null);
    let pending = views.get(&format!("{path}&min_total=0.50%20EUR&status=PENDING")).await;
    assert_eq!(shown(&pending), [("Bob".to_owned(), 1, 90)]);
    let dollars = views.get(&format!("{path}&min_total=0.50%20USD")).await;
    assert_eq!(shown(&dollars), []);
}

#[tokio::test]
async fn a_customers_history_has_orders_and_what_they_came_to() {
    let (views, ..) = shop().await;
    let history = views.get(&format!("/v1/views/order-history?customer_id={}", customer(2))).await;
    assert_eq!((&history["name"], &history["orders"]), (&json!("Bob"), &json!(2)));
    assert_eq!(history["spent"], json!([{"amount": 300, "currency": "EUR"}]));
    assert_eq!(fields(&history, "status"), [&json!("PENDING"), &json!("COMPLETED")]);
    let unknown = views.ask(&format!("/v1/views/order-history?customer_id={}", customer(9)), &[]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn the_stock_shows_what_orders_are_about_to_want() {
    let (views, bus, _owners) = shop().await;
    let stock = views.get("/v1/views/stock").await;
    assert_eq!(fields(&stock, "sku"), [&json!("CUPS"), &json!("TEA")]);
    assert_eq!(fields(&stock, "wanted"), [&json!(0), &json!(1)]);
    let approved = [
        contracts::ordering::Event::CreditConfirmed { ship_to: None, at: at(1) },
        contracts::ordering::Event::Approved { at: at(1) },
    ];
    bus.happens(order(15), &approved).await;
    let stock = views.until_answered("/v1/views/stock", |stock| stock["items"][1]["wanted"] == 0).await;
    assert_eq!(fields(&stock, "wanted_by"), [&json!(0), &json!(0)]);
}
