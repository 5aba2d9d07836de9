//! What customers may owe, and what there is to sell.

use serde_json::json;

use super::{
    scenarios,
    shop::{Shop, somebody},
};

scenarios! {
    a_customer_is_registered_and_shown,
    credit_revolves,
    a_limit_below_what_is_reserved_is_refused,
    the_currency_of_a_limit_stays_while_anything_is_reserved,
    a_product_is_added_changed_and_restocked,
    a_sku_is_taken_once,
    orders_of_the_last_piece_are_not_all_accepted,
}

async fn a_customer_is_registered_and_shown(shop: &Shop) {
    let registered = shop.post("/customers", &somebody(5_000, "EUR")).await;
    assert_eq!(registered.status, 201);
    let location = registered.header("location").unwrap().to_owned();
    let customer = registered.ok();
    assert!(location.ends_with(customer["id"].as_str().unwrap()), "{location}");
    assert_eq!((&customer["credit_available"]["amount"], &customer["version"]), (&json!(5_000), &json!(1)));
    let shown = shop.get(&format!("/customers/{}", customer["id"].as_str().unwrap())).await.ok();
    assert_eq!(shown, customer);
}

async fn credit_revolves(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(200).await;
    for _ in 0..3 {
        let id = shop.placed(&ada, &[("TEA", 2)]).await;
        shop.settled(&id, "COMPLETED").await;
    }
}

/// Somebody of whose credit 200 are reserved.
async fn owing(shop: &Shop) -> String {
    shop.product("TEA", 100, 10).await;
    shop.set("payment", &json!({"default": "decline"})).await;
    let ada = shop.customer(1_000).await;
    let id = shop.placed(&ada, &[("TEA", 2)]).await;
    shop.settled(&id, "SHIPPED").await;
    format!("/customers/{ada}")
}

fn limit(amount: i64, currency: &str) -> serde_json::Value {
    json!({"credit_limit": {"amount": amount, "currency": currency}})
}

async fn a_limit_below_what_is_reserved_is_refused(shop: &Shop) {
    let ada = owing(shop).await;
    assert_eq!(shop.patch(&ada, &limit(199, "EUR")).await.refusal(), (409, "LIMIT_BELOW_RESERVED"));
    let changed = shop.patch(&ada, &limit(200, "EUR")).await.ok();
    assert_eq!(changed["credit_available"]["amount"], 0);
}

async fn the_currency_of_a_limit_stays_while_anything_is_reserved(shop: &Shop) {
    let ada = owing(shop).await;
    assert_eq!(shop.patch(&ada, &limit(1_000, "USD")).await.code(), "CURRENCY_MISMATCH");
    let bob = format!("/customers/{}", shop.customer(1_000).await);
    assert_eq!(shop.patch(&bob, &limit(1_000, "USD")).await.ok()["credit_limit"]["currency"], "USD");
}

async fn a_product_is_added_changed_and_restocked(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.patch("/products/TEA", &json!({"name": "Green tea"})).await.ok();
    shop.post("/products/TEA/restock", &json!({"quantity": 5})).await.ok();
    let tea = shop.get("/products/TEA").await.ok();
    assert_eq!((&tea["name"], &tea["unit_price"]["amount"]), (&json!("Green tea"), &json!(100)));
    assert_eq!(
        (&tea["received"], &tea["on_hand"], &tea["available"], &tea["version"]),
        (&json!(15), &json!(15), &json!(15), &json!(3))
    );
}

async fn a_sku_is_taken_once(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let body =
        json!({"sku": "TEA", "name": "Tea", "unit_price": {"amount": 1, "currency": "EUR"}, "on_hand": 1});
    assert_eq!(shop.post("/products", &body).await.status, 409);
}

async fn orders_of_the_last_piece_are_not_all_accepted(shop: &Shop) {
    shop.product("TEA", 100, 3).await;
    let ada = shop.customer(10_000).await;
    let orders = futures_util::future::join_all((0..8).map(|_| shop.order(&ada, &[("TEA", 1)]))).await;
    futures_util::future::join_all(orders.iter().map(|id| shop.place(id, 30))).await;
    shop.rest().await;
    let mut statuses = Vec::new();
    for id in &orders {
        statuses.push(shop.show(id).await["status"].as_str().unwrap().to_owned());
    }
    statuses.sort();
    let expected = [["COMPLETED"; 3].as_slice(), ["REJECTED"; 5].as_slice()].concat();
    assert_eq!(
        (statuses, shop.stock("TEA").await),
        (expected.into_iter().map(str::to_owned).collect(), (0, 0))
    );
}
