//! Invoices, and what becomes of them.

use serde_json::{Value, json};

use super::{scenarios, shop::Shop};

scenarios! {
    an_invoice_that_is_declined_is_left_unpaid_and_the_credit_stays_reserved,
    an_invoice_that_is_declined_softly_is_tried_three_times,
    an_invoice_that_is_paid_later_completes_its_order,
    an_attempt_that_is_refused_leaves_the_invoice_unpaid,
    an_invoice_that_is_paid_owes_nothing,
    an_invoice_that_is_being_collected_is_not_paid_by_hand,
    while_the_provider_is_away_an_order_stays_shipped,
    mail_that_is_away_delays_nothing,
}

async fn placed(shop: &Shop, payment: &str) -> (String, String) {
    shop.product("TEA", 100, 10).await;
    shop.set("payment", &json!({"default": payment})).await;
    let ada = shop.customer(10_000).await;
    let id = shop.placed(&ada, &[("TEA", 2)]).await;
    (ada, id)
}

async fn unpaid(shop: &Shop, payment: &str) -> (String, String) {
    let (ada, id) = placed(shop, payment).await;
    let order = shop.until_it(&id, |order| order["invoice"]["status"] == "UNPAID").await;
    assert_eq!(order["status"], "SHIPPED");
    shop.rest().await;
    (ada, id)
}

async fn an_invoice_that_is_declined_is_left_unpaid_and_the_credit_stays_reserved(shop: &Shop) {
    let (ada, id) = unpaid(shop, "decline").await;
    let order = shop.show(&id).await;
    assert_eq!(
        (&order["status"], &order["waiting_for"], &order["invoice"]["attempts"]),
        (&json!("SHIPPED"), &Value::Null, &json!(1))
    );
    assert_eq!((shop.reserved(&ada).await, shop.stock("TEA").await), (200, (8, 0)));
    assert_eq!(shop.asked("payment", &id).await, ["declined"]);
}

async fn an_invoice_that_is_declined_softly_is_tried_three_times(shop: &Shop) {
    let (_, id) = unpaid(shop, "soft-decline").await;
    assert_eq!(shop.show(&id).await["invoice"]["attempts"], 3);
    assert_eq!(shop.asked("payment", &id).await, ["soft-declined"; 3]);
}

async fn an_invoice_that_is_paid_later_completes_its_order(shop: &Shop) {
    let (ada, id) = unpaid(shop, "decline").await;
    shop.set("payment", &json!({"default": "accept"})).await;
    let paid = shop.pay(&id).await;
    assert_eq!((paid.status, &paid.body["status"]), (200, &json!("PAID")));
    shop.settled(&id, "COMPLETED").await;
    assert_eq!(shop.reserved(&ada).await, 0);
}

async fn an_attempt_that_is_refused_leaves_the_invoice_unpaid(shop: &Shop) {
    let (ada, id) = unpaid(shop, "decline").await;
    assert_eq!(shop.pay(&id).await.refusal(), (422, "PAYMENT_REFUSED"));
    let order = shop.settled(&id, "SHIPPED").await;
    assert_eq!((&order["invoice"]["status"], &order["invoice"]["attempts"]), (&json!("UNPAID"), &json!(2)));
    assert_eq!(shop.reserved(&ada).await, 200);
}

async fn an_invoice_that_is_paid_owes_nothing(shop: &Shop) {
    let (_, id) = placed(shop, "accept").await;
    shop.settled(&id, "COMPLETED").await;
    assert_eq!(shop.pay(&id).await.refusal(), (409, "NOTHING_DUE"));
    assert_eq!(shop.asked("payment", &id).await, ["accepted"]);
}

async fn an_invoice_that_is_being_collected_is_not_paid_by_hand(shop: &Shop) {
    let (_, id) = placed(shop, "hold").await;
    shop.until_held("payment").await;
    assert_eq!(shop.pay(&id).await.refusal(), (409, "PAYMENT_IN_PROGRESS"));
    shop.set("payment", &json!({"default": "accept"})).await;
    shop.settled(&id, "COMPLETED").await;
}

async fn while_the_provider_is_away_an_order_stays_shipped(shop: &Shop) {
    shop.set("payment", &json!({"faults": {"down": true}})).await;
    let (_, id) = placed(shop, "accept").await;
    let waiting = shop.until_it(&id, |order| order["waiting_for"] == "PAYMENT").await;
    assert_eq!(waiting["status"], "SHIPPED");
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    assert_eq!(shop.show(&id).await["status"], "SHIPPED");
    shop.set("payment", &json!({"faults": {"down": false}})).await;
    shop.settled(&id, "COMPLETED").await;
    assert_eq!(shop.asked("payment", &id).await, ["accepted"]);
}

async fn mail_that_is_away_delays_nothing(shop: &Shop) {
    shop.set("mail", &json!({"faults": {"down": true}})).await;
    let (_, id) = placed(shop, "accept").await;
    shop.until(&id, "COMPLETED").await;
    shop.set("mail", &json!({"faults": {"down": false}})).await;
    shop.settled(&id, "COMPLETED").await;
    assert_eq!(shop.asked("mail", &id).await, ["accepted"]);
}
