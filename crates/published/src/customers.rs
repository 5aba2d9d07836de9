//! The events of customers.

use contracts::customers::Event;
use event_store::{EventTypes, NotUpcast};
use serde_json::Value;

use crate::upcast::{address_in_germany, cents_to_money};

/// What happened to customers.
#[must_use]
pub fn customers() -> EventTypes<Event> {
    EventTypes::new()
        .kind("registered", &[limit_is_money, address_in_germany])
        .kind("credit_limit_changed", &[limit_is_money])
        .kind("credit_reserved", &[])
        .kind("credit_refused", &[])
        .kind("credit_released", &[])
        .kind("credit_barred", &[])
        .kind("credit_settled", &[])
}

fn limit_is_money(event: Value) -> Result<Value, NotUpcast> {
    cents_to_money(event, "credit_limit", "credit_limit")
}
