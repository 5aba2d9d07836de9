//! Every service in one process, keeping what is of use for a while for 30 s: twice as many orders leave behind no more
//! rows, in any table of any file, but for what stays with an order.

use std::{sync::Arc, time::Duration};

use chassis::{
    client::{Call, Response},
    retention::Retention,
};
use contracts::{
    CustomerId, Style,
    ordering::{Order, OrderStatus},
    topics,
};
use messaging::{Data, Envelope};
use serde_json::json;

use crate::support::{House, until, with};

const KEEP: Duration = Duration::from_secs(30);

/// What stays, with the reason.
const STAYS: [(&str, &str); 8] = [
    ("customers.customers", "they are what the service is about"),
    ("warehouse.products", "they are what the service is about"),
    ("ordering.orders", "they are what the service is about"),
    ("ordering.order_lines", "they are part of an order"),
    ("ordering.order_statuses", "they are part of an order"),
    ("shipping.shipments", "they are what the service is about"),
    ("billing.invoices", "they are what the service is about"),
    ("simulators.ledger", "the systems outside forget nothing"),
];

/// What has so many rows at most: one per partition of each topic and sender, or one per part that there is.
const BOUNDED: [(&str, i64); 6] = [
    ("outbox_enqueued", 3 * 256),
    ("inbox_counts", 4 * 256),
    ("leases", 5),
    ("database_schemas", 11),
    ("broker_topics", 10),
    ("broker_groups", 5 * 16),
];

#[tokio::test(start_paused = true)]
async fn no_table_of_rest_grows_but_for_what_stays() {
    levels_off(Style::Rest).await;
}

#[tokio::test(start_paused = true)]
async fn no_table_of_messaging_grows_but_for_what_stays() {
    levels_off(Style::Messaging).await;
}

async fn levels_off(style: Style) {
    let house = House::keeping(style, Retention::all(KEEP), |broker| Arc::new(broker)).await;
    house.product("TEA", 100, 1_000).await;
    let (rich, poor) = (house.customer(1_000_000).await, house.customer(150).await);
    live(&house, rich, poor).await;
    let peak = house.rows();
    forget(&house).await;
    let once = house.rows();
    for _ in 0..2 {
        live(&house, rich, poor).await;
    }
    forget(&house).await;
    let thrice = house.rows();

    for (table, rows) in &thrice {
        let before = once[table];
        let (_, name) = table.split_once('.').unwrap();
        if let Some((_, most)) = BOUNDED.iter().find(|(bounded, _)| *bounded == name) {
            assert!(rows <= most, "{table} has {rows} rows, and should have {most} at most");
        } else if !STAYS.iter().any(|(stays, _)| stays == table) {
            assert_eq!(
                rows, &before,
                "{table} grows with the number of orders: have its rows forgotten (see `chassis::retention`), or say here why \
                 they stay"
            );
        }
    }
    let orders = once["ordering.orders"];
    assert_eq!(thrice["ordering.orders"], 3 * orders);
    // What is forgotten was there.
    let mut forgotten = vec!["customers.customer_reservations", "warehouse.product_reservations"];
    forgotten.extend([
        "ordering.sagas",
        "ordering.journal",
        "billing.journal",
        "ordering.inbox_handled",
        "ordering.idempotency",
    ]);
    if style == Style::Messaging {
        forgotten.extend(["warehouse.inbox_handled", "customers.inbox_discarded"]);
    }
    for table in forgotten {
        assert!(
            peak[table] > 0 && thrice[table] == 0,
            "{table}: {} at first, {} at the end",
            peak[table],
            thrice[table]
        );
    }
    assert!(peak["shipping.shipments"] > once["shipping.shipments"], "tombstones go, shipments stay");
}

/// Waits until everything is older than it is kept.
async fn forget(house: &House) {
    house.until_at_rest().await;
    tokio::time::sleep(2 * KEEP).await;
}

/// Has something of everything happen.
async fn live(house: &House, rich: CustomerId, poor: CustomerId) {
    paid_late(house, rich).await;
    for _ in 0..3 {
        ends(house, placed(house, rich, 2).await, OrderStatus::Completed).await;
    }
    ends(house, placed(house, poor, 2).await, OrderStatus::Rejected).await; // more than may be owed
    ends(house, placed(house, rich, 5_000).await, OrderStatus::Rejected).await; // more than there is

    let open = house.order(rich, "TEA", 1).await;
    house.send(keyed(house.cancel(&open), &open)).await;
    ends(house, open, OrderStatus::Cancelled).await;

    house.set("carrier", &json!({"default": "refuse"})).await;
    ends(house, placed(house, rich, 1).await, OrderStatus::Cancelled).await;
    house.set("carrier", &json!({"default": "accept"})).await;

    cancelled_early(house, rich).await;
    if house.style == Style::Messaging {
        given_up(house, rich).await;
    }
    house.until_at_rest().await;
}

/// An order that is cancelled before its stock is reserved: the undo of a shipment finds nothing.
async fn cancelled_early(house: &House, customer: CustomerId) {
    let order = house.order(customer, "TEA", 1).await;
    house.goes_away("warehouse").await;
    placed_by(house, &order).await;
    house.until_in(&order, OrderStatus::CreditConfirmed).await;
    house.send(keyed(house.cancel(&order), &order)).await;
    house.comes_back("warehouse");
    ends(house, order, OrderStatus::Cancelled).await;
}

/// An order that is paid for long after everything else about it was forgotten.
async fn paid_late(house: &House, customer: CustomerId) {
    house.set("payment", &json!({"default": "decline"})).await;
    let order = placed(house, customer, 1).await;
    house.until_in(&order, OrderStatus::Shipped).await;
    forget(house).await;
    house.set("payment", &json!({"default": "accept"})).await;
    assert!(house.send(keyed(house.pay(&order), &order)).await.is_success());
    ends(house, order, OrderStatus::Completed).await;
}

/// A message that nobody understands, and that an operator discards.
async fn given_up(house: &House, customer: CustomerId) {
    let id = house.ids().next();
    let message = Envelope::new(id, "test", "nonsense", &customer.to_string(), 0, Data::default());
    house.publish(topics::CUSTOMERS_COMMANDS, message).await;
    let url = house.admin("customers") + &format!("/dead-letters/{id}/discard");
    until("it is parked", async || {
        let discard = Call::post(&url).json(&json!({"by": "ops", "reason": "nonsense"})).unwrap();
        house.send(discard).await.is_success().then_some(())
    })
    .await;
}

async fn placed(house: &House, customer: CustomerId, quantity: i64) -> Order {
    let order = house.order(customer, "TEA", quantity).await;
    placed_by(house, &order).await;
    order
}

/// Places an order, twice with the same key.
async fn placed_by(house: &House, order: &Order) {
    let place = || house.send(keyed(house.place(order), order));
    let answers = [place().await, place().await];
    assert!(answers.iter().all(Response::is_success), "{answers:?}");
}

fn keyed(call: Call, order: &Order) -> Call {
    with(call, "idempotency-key", &order.id.to_string())
}

async fn ends(house: &House, order: Order, status: OrderStatus) {
    house.until_in(&order, status).await;
}

/// However many rows there are, what is due is found at the end of an index, and so is each row that goes.
#[tokio::test(start_paused = true)]
async fn nothing_that_is_forgotten_is_looked_for_in_a_whole_table() {
    let house = House::start(Style::Rest).await;
    let mut looked_at = 0;
    for (file, statements) in [
        ("customers", customers::store::STATEMENTS.concat()),
        ("warehouse", warehouse::store::STATEMENTS.concat()),
        ("shipping", shipping::store::STATEMENTS.to_vec()),
        ("ordering", ordering::STATEMENTS.concat().concat()),
    ] {
        let is_of_retention = |name: &str| name.contains("::FORGET") || name.contains("::OLDEST");
        for statement in statements.into_iter().filter(|statement| is_of_retention(statement.name())) {
            let plan = house.plan(file, statement);
            // The order of this index, and no further than the first that no chain needs.
            let whole =
                |step: &String| step.starts_with("SCAN") && step != "SCAN d USING INDEX inbox_discarded_at";
            let sorted = |step: &String| step.contains("TEMP B-TREE");
            assert!(!plan.iter().any(|step| whole(step) || sorted(step)), "{}: {plan:#?}", statement.name());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 15, "only {looked_at} statements");
}
