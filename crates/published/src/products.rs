//! The events of products.

use contracts::warehouse::Event;
use event_store::{EventTypes, NotUpcast};
use serde_json::Value;

use crate::upcast::{cents_to_money, changed, put, taken};

/// What happened to products.
#[must_use]
pub fn products() -> EventTypes<Event> {
    EventTypes::new()
        .kind("added", &[price_is_money, stock_is_on_hand])
        .kind("renamed", &[])
        .kind("repriced", &[price_is_money])
        .kind("price_corrected", &[])
        .kind("restocked", &[])
        .kind("stock_reserved", &[])
        .kind("stock_refused", &[])
        .kind("stock_released", &[])
        .kind("stock_barred", &[])
        .kind("stock_taken_out", &[])
}

fn price_is_money(event: Value) -> Result<Value, NotUpcast> {
    cents_to_money(event, "price", "unit_price")
}

/// Until stock could be reserved, what was on hand was all the stock there was, and was called so.
fn stock_is_on_hand(event: Value) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let stock = taken(fields, "stock");
        put(fields, "on_hand", stock);
        Ok(())
    })
}
