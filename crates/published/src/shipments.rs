//! The events of shipments.

use contracts::shipping::Event;
use event_store::{EventTypes, NotUpcast};
use serde_json::{Value, json};

use crate::upcast::{address_in_germany, changed, put, taken};

/// What happened to shipments.
#[must_use]
pub fn shipments() -> EventTypes<Event> {
    EventTypes::new()
        .kind("requested", &[one_line_of_several, address_in_germany])
        .kind("booking_started", &[])
        .kind("call_off_awaited", &[])
        .kind("dispatched", &[])
        .kind("refused", &[])
        .kind("called_off", &[])
}

/// Version 1 carried a single product.
fn one_line_of_several(event: Value) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let (sku, quantity) = (taken(fields, "sku"), taken(fields, "quantity"));
        put(fields, "lines", json!([{"sku": sku, "quantity": quantity}]));
        Ok(())
    })
}
