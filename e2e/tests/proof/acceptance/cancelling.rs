//! Cancelling an order.

use serde_json::{Value, json};

use super::{
    scenarios,
    shop::{NOBODY, Shop},
};

scenarios! {
    an_open_order_is_cancelled_at_once,
    a_cancel_while_the_carrier_decides_is_too_late_if_it_accepts,
    a_cancel_while_the_carrier_decides_is_done_if_it_refuses,
    an_order_that_has_left_is_not_cancelled,
    an_order_that_was_rejected_is_not_cancelled,
    a_cancel_is_not_refused_the_second_time,
}

async fn an_open_order_is_cancelled_at_once(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let id = shop.order(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    let answer = shop.cancel(&id, 0).await;
    assert_eq!(
        (answer.status, &answer.body["status"], &answer.body["cancel"]),
        (200, &json!("CANCELLED"), &json!("DONE"))
    );
    assert_eq!(answer.body["reason"], Value::Null);
    assert_eq!(shop.place(&id, 0).await.refusal(), (409, "ORDER_LOCKED"));
}

/// An order whose cancel waits for the carrier.
async fn cancelled_while_held(shop: &Shop, customer: &str) -> String {
    shop.product("TEA", 100, 10).await;
    shop.set("carrier", &json!({"default": "hold"})).await;
    let id = shop.placed(customer, &[("TEA", 2)]).await;
    shop.until_held("carrier").await;
    let answer = shop.cancel(&id, 0).await;
    assert_eq!((answer.status, &answer.body["cancel"]), (202, &json!("REQUESTED")));
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(shop.show(&id).await["status"], "CANCEL_PENDING");
    id
}

async fn a_cancel_while_the_carrier_decides_is_too_late_if_it_accepts(shop: &Shop) {
    let ada = shop.customer(10_000).await;
    let id = cancelled_while_held(shop, &ada).await;
    shop.set("carrier", &json!({"default": "accept"})).await;
    let order = shop.settled(&id, "COMPLETED").await;
    assert_eq!((&order["cancel"], &order["reason"]), (&json!("TOO_LATE"), &Value::Null));
    assert_eq!((shop.stock("TEA").await, shop.reserved(&ada).await), ((8, 0), 0));
}

async fn a_cancel_while_the_carrier_decides_is_done_if_it_refuses(shop: &Shop) {
    let ada = shop.customer(10_000).await;
    let id = cancelled_while_held(shop, &ada).await;
    shop.set("carrier", &json!({"default": "refuse"})).await;
    let order = shop.settled(&id, "CANCELLED").await;
    assert_eq!((&order["cancel"], &order["reason"]), (&json!("DONE"), &Value::Null), "its client was first");
    assert_eq!((shop.stock("TEA").await, shop.reserved(&ada).await), ((10, 0), 0));
    assert!(shop.asked("payment", &id).await.is_empty());
}

async fn an_order_that_has_left_is_not_cancelled(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    shop.set("payment", &json!({"default": "hold"})).await;
    let id = shop.placed(&ada, &[("TEA", 1)]).await;
    shop.until(&id, "SHIPPED").await;
    assert_eq!(shop.cancel(&id, 0).await.refusal(), (409, "ALREADY_DISPATCHED"));
    shop.set("payment", &json!({"default": "accept"})).await;
    let order = shop.settled(&id, "COMPLETED").await;
    assert_eq!(order["cancel"], Value::Null, "a wish that was refused was none");
    assert_eq!(shop.cancel(&id, 0).await.refusal(), (409, "ALREADY_DISPATCHED"));
}

async fn an_order_that_was_rejected_is_not_cancelled(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let id = shop.placed(NOBODY, &[("TEA", 1)]).await;
    shop.settled(&id, "REJECTED").await;
    assert_eq!(shop.cancel(&id, 0).await.refusal(), (409, "ORDER_REJECTED"));
}

async fn a_cancel_is_not_refused_the_second_time(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let id = shop.order(&shop.customer(10_000).await, &[("TEA", 1)]).await;
    let first = shop.cancel(&id, 0).await.ok();
    assert_eq!(shop.cancel(&id, 0).await.ok()["version"], first["version"]);
}
