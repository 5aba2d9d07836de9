//! What a product should have cost in the past.

use axum::http::Method;
use serde_json::json;

use super::{
    scenarios,
    shop::{Shop, text},
};

scenarios! {
    a_price_is_corrected_in_retrospect_and_orders_and_invoices_stay_as_they_are,
}

async fn a_price_is_corrected_in_retrospect_and_orders_and_invoices_stay_as_they_are(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    let id = shop.placed(&ada, &[("TEA", 3)]).await;
    let order = shop.settled(&id, "COMPLETED").await;
    let since = match shop.get("/products/TEA/history").await {
        kept if kept.status == 200 => text(&kept.body["events"][0]["recorded_at"]),
        _ => text(&order["created_at"]),
    };
    let correct = |dry_run: bool| {
        let price = json!({"amount": 80, "currency": "EUR"});
        let body = json!({"unit_price": price, "effective_from": since, "dry_run": dry_run});
        shop.request(Method::POST, "/products/TEA/corrections").json(&body)
    };
    let foreseen = correct(true).send().await;
    if shop.style.as_str() != "event-sourcing" {
        assert_eq!(foreseen.refusal(), (501, "NOT_IMPLEMENTED"));
        return;
    }
    let tag = foreseen.header("etag").unwrap().to_owned();
    let line = foreseen.ok()["lines"][0].clone();
    assert_eq!((&line["order_id"], &line["would_have_cost"]["amount"]), (&order["id"], &json!(240)));

    assert_eq!(correct(false).send().await.refusal(), (422, "DRY_RUN_FIRST"));
    assert_eq!(correct(false).header("if-match", "\"1\"").send().await.status, 412);
    let (made, key) = (
        |key: &str| correct(false).header("if-match", &tag).header("idempotency-key", key).send(),
        shop.key(),
    );
    let first = made(&key).await.ok();
    assert_eq!(made(&key).await.ok(), first, "a key is answered again");
    assert_eq!(made(&shop.key()).await.status, 412, "it is made already");

    let price = async |path: &str| shop.get(path).await.ok()["unit_price"]["amount"].clone();
    assert_eq!(price("/products/TEA").await, 80);
    assert_eq!(price(&format!("/products/TEA?as_of={since}")).await, 80);
    let version = first["version"].as_u64().unwrap();
    assert_eq!(price(&format!("/products/TEA?version={}", version - 1)).await, 100);
    shop.rest().await;
    assert_eq!(shop.show(&id).await, order);
}
