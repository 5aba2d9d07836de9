//! What there is to know: an order, its customer, and what is told of them.

use contracts::happenings::Happening;
use messaging::{Data, Envelope};
use serde_json::{Value, json};
pub(crate) use test_support::stage::{customer_id, order, order_id};
use uuid::Uuid;

/// The customer of the order, under a name.
pub(crate) fn customer(name: &str, version: u64) -> Value {
    let mut customer = test_support::stage::customer();
    (customer["name"], customer["version"]) = (name.into(), version.into());
    customer
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
