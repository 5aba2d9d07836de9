//! What becomes of an order that is placed.

use contracts::Style;
use serde_json::{Value, json};

use super::{
    scenarios,
    shop::{NOBODY, Shop},
};

scenarios! {
    an_order_is_shipped_billed_and_paid,
    an_order_of_nobody_is_rejected,
    an_order_beyond_the_credit_is_rejected,
    an_order_in_another_currency_than_the_credit_is_rejected,
    an_order_of_what_is_not_there_is_rejected_and_its_credit_is_free,
    credit_is_asked_before_stock,
    an_order_that_the_carrier_refuses_is_cancelled_and_everything_is_given_back,
    while_the_carrier_is_away_an_order_says_what_it_waits_for,
    whoever_waits_is_answered_with_the_outcome,
    whoever_does_not_wait_is_answered_at_once,
}

async fn an_order_is_shipped_billed_and_paid(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.product("CUP", 250, 10).await;
    let ada = shop.customer(10_000).await;
    let id = shop.placed(&ada, &[("TEA", 2), ("CUP", 1)]).await;
    let order = shop.settled(&id, "COMPLETED").await;
    assert_eq!(
        (&order["reason"], &order["cancel"], &order["waiting_for"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(order["total"], json!({"amount": 450, "currency": "EUR"}));
    assert_eq!(
        (&order["shipment"]["status"], &order["invoice"]["status"]),
        (&json!("DISPATCHED"), &json!("PAID"))
    );
    assert_eq!(
        (&order["shipment"]["address"], &order["ship_to"]["city"]),
        (&order["ship_to"], &json!("London"))
    );
    assert_eq!(order["shipment"]["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!((&order["invoice"]["amount"], &order["invoice"]["attempts"]), (&order["total"], &json!(1)));
    assert!(["placed_at", "finished_at"].iter().all(|at| order[at].is_string()), "{order}");
    assert_eq!((shop.stock("TEA").await, shop.stock("CUP").await), ((8, 0), (9, 0)));
    assert_eq!(shop.reserved(&ada).await, 0);
    for system in ["carrier", "payment", "mail"] {
        assert_eq!(shop.asked(system, &id).await, ["accepted"], "{system}");
    }
}

async fn rejected(shop: &Shop, customer: &str, items: &[(&str, i64)], reason: &str) -> String {
    let id = shop.placed(customer, items).await;
    let order = shop.settled(&id, "REJECTED").await;
    assert_eq!(
        (&order["reason"], &order["shipment"], &order["invoice"]),
        (&reason.into(), &Value::Null, &Value::Null)
    );
    for system in ["carrier", "payment", "mail"] {
        assert!(shop.asked(system, &id).await.is_empty(), "{system}");
    }
    id
}

async fn an_order_of_nobody_is_rejected(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    rejected(shop, NOBODY, &[("TEA", 1)], "UNKNOWN_CUSTOMER").await;
    assert_eq!(shop.stock("TEA").await, (10, 0));
}

async fn an_order_beyond_the_credit_is_rejected(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(299).await;
    rejected(shop, &ada, &[("TEA", 3)], "INSUFFICIENT_CREDIT").await;
    let within = shop.placed(&ada, &[("TEA", 2)]).await;
    shop.settled(&within, "COMPLETED").await;
}

async fn an_order_in_another_currency_than_the_credit_is_rejected(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    rejected(shop, &shop.customer_in(10_000, "USD").await, &[("TEA", 1)], "CURRENCY_MISMATCH").await;
}

async fn an_order_of_what_is_not_there_is_rejected_and_its_credit_is_free(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.product("CUP", 250, 1).await;
    let ada = shop.customer(10_000).await;
    let id = shop.placed(&ada, &[("TEA", 1), ("CUP", 2)]).await;
    // A final status is written last: who reads it finds everything given back already.
    let order = shop.until(&id, "REJECTED").await;
    assert_eq!(shop.reserved(&ada).await, 0, "{order}");
    assert_eq!(order["reason"], "OUT_OF_STOCK");
    assert_eq!((shop.stock("TEA").await, shop.stock("CUP").await), ((10, 0), (1, 0)), "all lines or none");
}

async fn credit_is_asked_before_stock(shop: &Shop) {
    shop.product("CUP", 250, 1).await;
    rejected(shop, &shop.customer(100).await, &[("CUP", 2)], "INSUFFICIENT_CREDIT").await;
}

async fn an_order_that_the_carrier_refuses_is_cancelled_and_everything_is_given_back(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    shop.set("carrier", &json!({"default": "refuse"})).await;
    let id = shop.placed(&ada, &[("TEA", 2)]).await;
    let seen = shop.until(&id, "CANCELLED").await;
    assert_eq!((shop.reserved(&ada).await, shop.stock("TEA").await), (0, (10, 0)), "{seen}");
    let order = shop.settled(&id, "CANCELLED").await;
    assert_eq!((&order["reason"], &order["cancel"]), (&json!("CARRIER_REFUSED"), &Value::Null));
    assert_eq!((&order["shipment"]["status"], &order["invoice"]), (&json!("REFUSED"), &Value::Null));
    assert!(shop.asked("payment", &id).await.is_empty());
}

async fn while_the_carrier_is_away_an_order_says_what_it_waits_for(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.set("carrier", &json!({"faults": {"down": true}})).await;
    let id = shop.placed(&shop.customer(10_000).await, &[("TEA", 2)]).await;
    let waiting = shop.until(&id, "APPROVED").await;
    assert_eq!(waiting["waiting_for"], "CARRIER");
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    assert_eq!(shop.show(&id).await["status"], "APPROVED");
    shop.set("carrier", &json!({"faults": {"down": false}})).await;
    shop.settled(&id, "COMPLETED").await;
}

async fn whoever_waits_is_answered_with_the_outcome(shop: &Shop) {
    shop.product("TEA", 100, 1).await;
    let ada = shop.customer(10_000).await;
    for status in ["COMPLETED", "REJECTED"] {
        let id = shop.order(&ada, &[("TEA", 1)]).await;
        let answer = shop.place(&id, 30).await;
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (200, &status.into()),
            "a rejection is an outcome"
        );
        shop.rest().await;
    }
}

async fn whoever_does_not_wait_is_answered_at_once(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    shop.set("carrier", &json!({"faults": {"down": true}})).await;
    let id = shop.order(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    assert_eq!(shop.place(&id, 0).await.status, 202);
    let other = shop.order(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    let usual = shop.post(&format!("/orders/{other}/place"), &json!({})).await;
    assert_eq!(usual.status, 202, "{:?} waits 5 s, the others not at all", Style::Rest);
    shop.set("carrier", &json!({"faults": {"down": false}})).await;
    shop.settled(&id, "COMPLETED").await;
}
