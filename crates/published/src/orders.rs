//! The events of orders.

use contracts::ordering::Event;
use event_store::{EventTypes, NotUpcast};
use serde_json::Value;

use crate::upcast::{cents_to_money, changed, put};

/// What happened to orders.
#[must_use]
pub fn orders() -> EventTypes<Event> {
    EventTypes::new()
        .kind("created", &[])
        .kind("line_added", &[price_is_money, named_by_its_sku])
        .kind("line_changed", &[])
        .kind("line_removed", &[])
        .kind("placed", &[])
        .kind("credit_confirmed", &[])
        .kind("approved", &[])
        .kind("cancel_started", &[])
        .kind("cancel_wished", &[])
        .kind("shipped", &[])
        .kind("stock_taken_out", &[])
        .kind("invoice_paid", &[])
        .kind("invoice_unpaid", &[])
        .kind("credit_settled", &[])
        .kind("completed", &[])
        .kind("rejected", &[])
        .kind("cancelled", &[])
}

fn price_is_money(event: Value) -> Result<Value, NotUpcast> {
    cents_to_money(event, "price", "unit_price")
}

/// Until version 2 a line did not say what its product was called.
fn named_by_its_sku(event: Value) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let sku = fields.get("sku").cloned().unwrap_or_default();
        put(fields, "name", sku);
        Ok(())
    })
}
