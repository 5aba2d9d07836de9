//! What there is to know: an order, its customer, and what is told of them.

use contracts::{CustomerId, OrderId, happenings::Happening};
use messaging::{Data, Envelope};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

pub(crate) fn customer_id() -> CustomerId {
    CustomerId::new(Uuid::from_u128(2))
}

/// An order in this status, as its owner shows it.
pub(crate) fn order(status: &str, version: u64) -> Value {
    let cost = json!({"amount": 1250, "currency": "EUR"});
    json!({
        "id": order_id(), "customer_id": customer_id(), "reference": null, "status": status, "reason": null,
        "waiting_for": null, "cancel": null, "total": cost, "ship_to": null, "shipment": null, "invoice": null,
        "items": [{"sku": "TEA", "name": "Tea", "quantity": 1, "unit_price": cost}], "warnings": [],
        "created_at": "2026-01-01T00:00:00Z", "placed_at": null, "finished_at": null, "version": version,
    })
}

/// The customer of that order.
pub(crate) fn customer(name: &str, version: u64) -> Value {
    let (limit, none) = (json!({"amount": 9000, "currency": "EUR"}), json!({"amount": 0, "currency": "EUR"}));
    json!({
        "id": customer_id(), "name": name, "email": "ada@example.org",
        "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
        "credit_limit": limit, "credit_reserved": none, "credit_available": limit,
        "created_at": "2026-01-01T00:00:00Z", "version": version,
    })
}

/// What a service has reported about the order so far, as it tells it.
pub(crate) fn reports(reports: &[&str]) -> Value {
    json!({"order_id": order_id(), "version": reports.len(), "reports": reports})
}

/// Who tells of the order, at `version`, and says no more than `data`.
pub(crate) fn told(happening: Happening, version: u64, data: &impl serde::Serialize) -> Envelope {
    about(happening.kind, &order_id().to_string(), version, data)
}

/// That something has become this, at `version`.
pub(crate) fn about(kind: &str, subject: &str, version: u64, data: &impl serde::Serialize) -> Envelope {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind}/{subject}/{version}").as_bytes());
    let (source, data) = (kind.split('.').next().unwrap(), Data::of(data).unwrap());
    Envelope { version: Some(version), ..Envelope::new(id, source, kind, subject, 0, data) }
}
