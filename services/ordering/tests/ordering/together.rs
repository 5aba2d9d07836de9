//! Ordering together with the real services: what comes of an order in all of them.

use std::{sync::Arc, time::Duration};

use ::messaging::faulty::{Faulty, Rates};
use chassis::retention::{self, Retention};
use contracts::{
    Style,
    billing::InvoiceStatus,
    ordering::{Cancel, Order, OrderStatus, Reason},
};
use serde_json::{Value, json};

use crate::support::{House, in_both_styles, until};

in_both_styles! { House:
    an_order_is_shipped_billed_and_paid,
    an_invoice_that_is_paid_later_completes_its_order,
    a_cancel_waits_for_the_carrier_and_loses_or_wins_with_its_answer,
    systems_that_are_down_are_waited_for_without_end,
    each_service_may_end_at_any_time,
}

async fn placed(house: &House) -> Order {
    house.product("TEA", 100, 10).await;
    let order = house.order(house.customer(1_000).await, "TEA", 2).await;
    house.send(house.place(&order)).await;
    order
}

async fn an_order_is_shipped_billed_and_paid(house: House) {
    let order = placed(&house).await;
    let order = house.until_in(&order, OrderStatus::Completed).await;
    house.until_at_rest().await;
    let tea = house.show_product("TEA").await;
    assert_eq!((tea.received.get(), tea.on_hand.get(), tea.reserved.get()), (10, 8, 0));
    assert_eq!(house.show_customer(order.customer_id).await.credit_reserved.amount(), 0);
    let (shipment, invoice) = (house.shipment(&order).await.unwrap(), house.invoice(&order).await.unwrap());
    assert_eq!((shipment.address, Some(shipment.lines.len())), (order.ship_to.clone(), Some(1)));
    assert_eq!((invoice.status, Some(invoice.amount)), (InvoiceStatus::Paid, order.total));
    for system in ["carrier", "payment", "mail"] {
        assert_eq!(house.ledger(system, &order).await.len(), 1, "{system}");
    }
}

async fn an_invoice_that_is_paid_later_completes_its_order(house: House) {
    house.set("payment", &json!({"default": "decline"})).await;
    let order = placed(&house).await;
    house.until_in(&order, OrderStatus::Shipped).await;
    house.until_at_rest().await;
    let unpaid = house.show(&order).await;
    assert_eq!((unpaid.status, unpaid.waiting_for), (OrderStatus::Shipped, None));
    assert_eq!(
        house.show_customer(order.customer_id).await.credit_reserved.amount(),
        200,
        "it is owed still"
    );
    house.set("payment", &json!({"default": "accept"})).await;
    assert_eq!(house.send(house.pay(&order)).await.status, 200);
    house.until_in(&order, OrderStatus::Completed).await;
    house.until_at_rest().await;
    assert_eq!(house.show_customer(order.customer_id).await.credit_reserved.amount(), 0);
}

async fn a_cancel_waits_for_the_carrier_and_loses_or_wins_with_its_answer(house: House) {
    house.product("TEA", 100, 10).await;
    let ada = house.customer(1_000).await;
    for (answer, status, cancel, reason) in [
        ("accept", OrderStatus::Completed, Cancel::TooLate, None),
        ("refuse", OrderStatus::Cancelled, Cancel::Done, None),
    ] {
        house.set("carrier", &json!({"default": "hold"})).await;
        let order = house.order(ada, "TEA", 2).await;
        house.send(house.place(&order)).await;
        until("the carrier is being asked", async || (house.held("carrier").await > 0).then_some(())).await;
        house.send(house.cancel(&order)).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(house.show(&order).await.status, OrderStatus::CancelPending);
        house.set("carrier", &json!({"default": answer})).await;
        let order = house.until_in(&order, status).await;
        house.until_at_rest().await;
        assert_eq!((order.cancel, order.reason), (Some(cancel), reason));
    }
    assert_eq!(house.show_product("TEA").await.on_hand.get(), 8);
    assert_eq!(house.show_customer(ada).await.credit_reserved.amount(), 0);
}

async fn systems_that_are_down_are_waited_for_without_end(house: House) {
    for system in ["carrier", "payment", "mail"] {
        house.set(system, &json!({"faults": {"down": true}})).await;
    }
    let order = placed(&house).await;
    for (system, status) in [("carrier", OrderStatus::Approved), ("payment", OrderStatus::Shipped)] {
        house.until_in(&order, status).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(house.show(&order).await.status, status, "without {system}");
        house.set(system, &json!({"faults": {"down": false}})).await;
    }
    // The mail delays neither the charge nor the outcome.
    house.until_in(&order, OrderStatus::Completed).await;
    house.set("mail", &json!({"faults": {"down": false}})).await;
    house.until_at_rest().await;
    for system in ["carrier", "payment", "mail"] {
        assert_eq!(house.ledger(system, &order).await.len(), 1, "{system}");
    }
}

async fn each_service_may_end_at_any_time(house: House) {
    house.product("TEA", 100, 100).await;
    let ada = house.customer(10_000).await;
    let mut orders = Vec::new();
    for name in ["ordering", "customers", "warehouse", "shipping", "billing", "simulators"] {
        let order = house.order(ada, "TEA", 2).await;
        house.send(house.place(&order)).await;
        house.goes_away(name).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        house.comes_back(name);
        orders.push(order);
    }
    for order in &orders {
        house.until_in(order, OrderStatus::Completed).await;
    }
    house.until_at_rest().await;
    for order in &orders {
        for system in ["carrier", "payment", "mail"] {
            assert_eq!(house.ledger(system, order).await.len(), 1, "{system}");
        }
    }
    assert_eq!(house.show_product("TEA").await.on_hand.get(), 88);
    assert_eq!(house.show_customer(ada).await.credit_reserved.amount(), 0);
}

#[tokio::test(start_paused = true)]
async fn orders_end_right_over_a_broker_on_its_bad_days() {
    orders_end_right(Retention::default()).await;
}

#[tokio::test(start_paused = true)]
async fn orders_end_right_on_its_bad_days_though_everything_is_soon_forgotten() {
    orders_end_right(Retention::all(retention::SHORTEST)).await;
}

/// A broker that loses confirmations, publishes and delivers twice, delays, mixes what is about different orders, and
/// loses requests: what it promises it keeps, and nothing else is relied on.
async fn orders_end_right(retention: Retention) {
    for seed in [1, 2] {
        let faulty = |broker| Arc::new(Faulty::new(broker, seed, Rates::default())) as _;
        let house = House::keeping(Style::Messaging, retention, faulty).await;
        house.product("TEA", 100, 7).await;
        let (ada, bob) = (house.customer(10_000).await, house.customer(150).await);
        let mut orders = Vec::new();
        for (customer, quantity) in [(ada, 2), (bob, 2), (ada, 9), (ada, 2), (bob, 1)] {
            let order = begun(&house, customer, quantity).await;
            house.send(house.place(&order)).await;
            orders.push(order);
        }
        let cancelled = house.send(house.cancel(&orders[3])).await;
        house.until_at_rest().await;
        let mut ended = Vec::new();
        for order in &orders {
            let order = house.show(order).await;
            let times = usize::from(order.status == OrderStatus::Completed);
            for system in ["carrier", "payment", "mail"] {
                assert_eq!(house.ledger(system, &order).await.len(), times, "{system} for {order:?}");
            }
            ended.push((order.status, order.reason));
        }
        let fourth = if ended[3].0 == OrderStatus::Cancelled {
            OrderStatus::Cancelled
        } else {
            OrderStatus::Completed
        };
        assert!(cancelled.is_success() || fourth == OrderStatus::Completed);
        let expected = [
            (OrderStatus::Completed, None),
            (OrderStatus::Rejected, Some(Reason::InsufficientCredit)),
            (OrderStatus::Rejected, Some(Reason::OutOfStock)),
            (fourth, None),
            (OrderStatus::Completed, None),
        ];
        assert_eq!(ended, expected, "with seed {seed}");
        let (tea, shipped) =
            (house.show_product("TEA").await, if fourth == OrderStatus::Completed { 5 } else { 3 });
        assert_eq!((tea.on_hand.get(), tea.reserved.get()), (7 - shipped, 0));
        for customer in [ada, bob] {
            assert_eq!(house.show_customer(customer).await.credit_reserved.amount(), 0);
        }
    }
}

/// Prices are asked for over the same broker, which may lose the question: then the client asks again.
async fn begun(house: &House, customer: contracts::CustomerId, quantity: i64) -> Order {
    let body: Value = json!({"customer_id": customer, "items": [{"sku": "TEA", "quantity": quantity}]});
    until("the order is begun", async || {
        let response = house.send(house.post("/v1/orders", &body)).await;
        assert!(response.status == 201 || response.status == 503, "{response:?}");
        response.is_success().then(|| response.json().unwrap())
    })
    .await
}
