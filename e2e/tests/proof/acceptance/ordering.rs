//! An order until it is placed.

use serde_json::json;

use super::{
    scenarios,
    shop::{Shop, order},
};

scenarios! {
    an_order_has_the_names_and_prices_of_when_its_lines_were_added,
    lines_are_added_changed_and_removed_while_an_order_is_open,
    an_order_that_is_placed_is_locked,
    an_order_without_lines_is_not_placed,
    a_product_that_nobody_knows_is_refused_when_it_is_added,
    an_order_has_one_currency,
    the_customer_is_not_looked_up_before_an_order_is_placed,
    a_product_that_was_just_added_can_be_ordered_at_once,
    an_order_can_be_begun_and_placed_at_once,
}

async fn an_order_has_the_names_and_prices_of_when_its_lines_were_added(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    let id = shop.order(&ada, &[("TEA", 2)]).await;
    let change = json!({"name": "Old tea", "unit_price": {"amount": 999, "currency": "EUR"}});
    shop.patch("/products/TEA", &change).await.ok();
    let changed = shop.put(&format!("/orders/{id}/items/TEA"), &json!({"quantity": 3})).await.ok();
    assert_eq!(changed["total"], json!({"amount": 300, "currency": "EUR"}));
    let added = shop.post(&format!("/orders/{id}/items"), &json!({"sku": "TEA", "quantity": 1})).await.ok();
    assert_eq!((&added["items"][0]["name"], &added["total"]["amount"]), (&json!("One TEA"), &json!(400)));
    shop.place(&id, 30).await.ok();
    let completed = shop.settled(&id, "COMPLETED").await;
    assert_eq!(
        (&completed["total"]["amount"], &completed["invoice"]["amount"]["amount"]),
        (&json!(400), &json!(400))
    );
    let next = shop.post("/orders", &order(&ada, &[("TEA", 1)])).await.ok();
    assert_eq!((&next["items"][0]["name"], &next["total"]["amount"]), (&json!("Old tea"), &json!(999)));
}

async fn lines_are_added_changed_and_removed_while_an_order_is_open(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.product("CUP", 250, 10).await;
    let ada = shop.customer(10_000).await;
    let id = shop.order(&ada, &[("TEA", 1)]).await;
    let items = format!("/orders/{id}/items");
    let line = |sku, quantity| json!({"sku": sku, "quantity": quantity});
    shop.post(&items, &line("CUP", 1)).await.ok();
    assert_eq!(shop.post(&items, &line("CUP", 2)).await.ok()["total"]["amount"], 850);
    shop.put(&format!("{items}/TEA"), &json!({"quantity": 5})).await.ok();
    let removed = shop.delete(&format!("{items}/CUP")).await.ok();
    assert_eq!(
        (&removed["total"]["amount"], removed["items"].as_array().map(Vec::len)),
        (&json!(500), Some(1))
    );
    let again = shop.delete(&format!("{items}/CUP")).await.ok();
    assert_eq!(again["version"], removed["version"], "what is gone is not removed again");
    assert_eq!(shop.put(&format!("{items}/CUP"), &json!({"quantity": 1})).await.status, 404);
}

async fn an_order_that_is_placed_is_locked(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let id = shop.placed(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    shop.settled(&id, "COMPLETED").await;
    let items = format!("/orders/{id}/items");
    let locked = (409, "ORDER_LOCKED");
    assert_eq!(shop.post(&items, &json!({"sku": "TEA", "quantity": 1})).await.refusal(), locked);
    assert_eq!(shop.put(&format!("{items}/TEA"), &json!({"quantity": 2})).await.refusal(), locked);
    assert_eq!(shop.delete(&format!("{items}/TEA")).await.refusal(), locked);
    assert_eq!(shop.place(&id, 0).await.refusal(), locked);
}

async fn an_order_without_lines_is_not_placed(shop: &Shop) {
    let id = shop.order(&shop.customer(10_000).await, &[]).await;
    assert_eq!(shop.place(&id, 0).await.refusal(), (409, "EMPTY_ORDER"));
    assert_eq!(shop.show(&id).await["status"], "OPEN");
}

async fn a_product_that_nobody_knows_is_refused_when_it_is_added(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    let refused = shop.post("/orders", &order(&ada, &[("TEA", 1), ("COFFEE", 1)])).await;
    assert_eq!(refused.refusal(), (422, "UNKNOWN_PRODUCT"));
    let id = shop.order(&ada, &[("TEA", 1)]).await;
    let refused = shop.post(&format!("/orders/{id}/items"), &json!({"sku": "COFFEE", "quantity": 1})).await;
    assert_eq!(refused.refusal(), (422, "UNKNOWN_PRODUCT"));
    assert_eq!(shop.show(&id).await["items"].as_array().map(Vec::len), Some(1));
}

async fn an_order_has_one_currency(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.product_in("PIE", 100, "USD", 10).await;
    let refused = shop.post("/orders", &order(&shop.customer(10_000).await, &[("TEA", 1), ("PIE", 1)])).await;
    assert_eq!(refused.code(), "CURRENCY_MISMATCH");
}

async fn the_customer_is_not_looked_up_before_an_order_is_placed(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let id = shop.order(super::shop::NOBODY, &[("TEA", 1)]).await;
    assert_eq!(shop.show(&id).await["status"], "OPEN");
}

async fn a_product_that_was_just_added_can_be_ordered_at_once(shop: &Shop) {
    let ada = shop.customer(10_000).await;
    for sku in ["TEA", "CUP", "POT"] {
        shop.product(sku, 100, 10).await;
        shop.order(&ada, &[(sku, 1)]).await;
    }
}

async fn an_order_can_be_begun_and_placed_at_once(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let mut body = order(&shop.customer(10_000).await, &[("TEA", 1)]);
    body["place"] = true.into();
    body["reference"] = "web-4711".into();
    let begun =
        shop.request(axum::http::Method::POST, "/orders").header("prefer", "wait=0").json(&body).send().await;
    let path = begun.header("location").unwrap().to_owned();
    assert_eq!(begun.status, 202);
    let id = path.rsplit('/').next().unwrap();
    let completed = shop.settled(id, "COMPLETED").await;
    assert_eq!(completed["reference"], "web-4711");
}
