//! A system in which everything holds.

use std::collections::BTreeMap;

use messaging::{
    Tally,
    audit::{Handled, InboxAudit, OutboxAudit, Published},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    audit::State,
    verify::{Folds, Ledgers, System, Views},
};

pub(super) const COMPLETED: u128 = 1;
pub(super) const UNPAID: u128 = 2;
pub(super) const REJECTED: u128 = 3;
pub(super) const CANCELLED: u128 = 4;
pub(super) const OPEN: u128 = 5;
pub(super) const CUSTOMER: u128 = 100;

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn eur(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

pub(super) fn row<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

pub(super) fn order(number: u128, status: &str) -> Value {
    json!({
        "id": id(number), "customer_id": id(CUSTOMER), "status": status, "total": eur(200),
        "items": [{ "sku": "tea", "quantity": 2, "name": "Tea", "unit_price": eur(100) }],
        "placed_at": (status != "OPEN").then_some("2026-01-31T12:00:00Z"),
    })
}

pub(super) fn entry(number: u128, position: u64, result: &str, amount: Option<Value>) -> Value {
    json!({
        "position": position, "id": format!("e{position}"), "key": format!("k{position}"), "reference": null,
        "order_id": id(number), "amount": amount, "result": result, "at": "2026-01-31T12:00:00Z",
    })
}

pub(super) fn tally(count: u64) -> Tally {
    Tally { count, sum: count * 1000 }
}

/// Ordering has sent five messages to billing, which began after the second and has handled the rest.
pub(super) fn messages() -> (OutboxAudit, InboxAudit) {
    let (topic, partition) = ("billing.commands".to_owned(), 7);
    let sent = Published { topic: topic.clone(), partition, enqueued: tally(5), published: tally(5) };
    let handled = Handled {
        consumer: "billing".to_owned(),
        source: "/messaging/ordering".to_owned(),
        topic,
        partition,
        began: tally(2),
        latest: tally(5),
        handled: tally(3),
        discarded: Tally::default(),
    };
    (
        OutboxAudit { partitions: vec![sent], ..OutboxAudit::default() },
        InboxAudit { partitions: vec![handled], ..InboxAudit::default() },
    )
}

/// One order of every kind, at rest, and everything as it should be.
pub(super) fn healthy() -> System {
    let (outbox, inbox) = messages();
    let state = |outbox, inbox| State { pending: [("tasks".to_owned(), 0)].into(), outbox, inbox };
    let kinds = [
        (COMPLETED, "COMPLETED"),
        (UNPAID, "SHIPPED"),
        (REJECTED, "REJECTED"),
        (CANCELLED, "CANCELLED"),
        (OPEN, "OPEN"),
    ];
    let shipment = |number, status: &str| row(json!({ "order_id": id(number), "status": status }));
    let invoice =
        |number, status: &str| row(json!({ "order_id": id(number), "amount": eur(200), "status": status }));
    System {
        style: "messaging".to_owned(),
        states: [
            ("ordering".to_owned(), state(Some(outbox), None)),
            ("billing".to_owned(), state(Some(OutboxAudit::default()), Some(inbox))),
        ]
        .into(),
        customers: vec![row(json!({
            "id": id(CUSTOMER), "credit_limit": eur(1000), "credit_reserved": eur(200),
            "held": [{ "order_id": id(UNPAID), "amount": eur(200) }],
        }))],
        orders: kinds.into_iter().map(|(number, status)| row(order(number, status))).collect(),
        products: vec![row(json!({ "sku": "tea", "received": 10, "on_hand": 6, "reserved": 0, "held": [] }))],
        shipments: vec![
            shipment(COMPLETED, "DISPATCHED"),
            shipment(UNPAID, "DISPATCHED"),
            shipment(CANCELLED, "CALLED_OFF"),
        ],
        invoices: vec![invoice(COMPLETED, "PAID"), invoice(UNPAID, "UNPAID")],
        views: Some(views()),
        folds: Some(Folds { aggregates: 5, snapshots: 1, different: vec![] }),
        ledgers: Some(Ledgers {
            own: true,
            payment: vec![
                row(entry(COMPLETED, 1, "accepted", Some(eur(200)))),
                row(entry(UNPAID, 2, "declined", Some(eur(200)))),
            ],
            carrier: vec![
                row(entry(COMPLETED, 1, "accepted", None)),
                row(entry(UNPAID, 2, "accepted", None)),
            ],
            mail: vec![row(entry(COMPLETED, 1, "accepted", None)), row(entry(UNPAID, 2, "accepted", None))],
        }),
    }
}

/// Views of one order, which were rebuilt.
pub(super) fn views() -> Views {
    let key = ("order".to_owned(), id(OPEN).to_string());
    let documents = BTreeMap::from([(key, json!({"version": 1}))]);
    let rebuilt = row(json!({"generation": 2, "state": "live", "compared": 1, "different": 0}));
    Views { owned: documents.clone(), documents, generations: vec![rebuilt] }
}
