//! The events of invoices.

use contracts::billing::Event;
use event_store::{EventTypes, NotUpcast};
use serde_json::{Value, json};

use crate::upcast::{cents_to_money, changed, put, taken};

/// What happened to invoices.
#[must_use]
pub fn invoices() -> EventTypes<Event> {
    EventTypes::new()
        .kind("issued", &[amount_is_money, addressed_to_a_person])
        .kind("mailed", &[])
        .kind("attempt_started", &[])
        .kind("attempt_declined", &[])
        .kind("paid", &[])
        .kind("left_unpaid", &[])
}

fn amount_is_money(event: Value) -> Result<Value, NotUpcast> {
    cents_to_money(event, "amount", "amount")
}

/// Version 2 had name and email side by side with the rest.
fn addressed_to_a_person(event: Value) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let (name, email) = (taken(fields, "name"), taken(fields, "email"));
        put(fields, "bill_to", json!({"name": name, "email": email}));
        Ok(())
    })
}
