//! What services report about their parts in orders.

use contracts::{billing, customers, shipping, warehouse};
use event_store::EventTypes;

/// Reports of the customers service.
#[must_use]
pub fn customers() -> EventTypes<customers::Reply> {
    EventTypes::new()
        .kind("credit_reserved", &[])
        .kind("credit_refused", &[])
        .kind("credit_released", &[])
        .kind("credit_settled", &[])
}

/// Reports of the warehouse service.
#[must_use]
pub fn warehouse() -> EventTypes<warehouse::Reply> {
    EventTypes::new()
        .kind("stock_reserved", &[])
        .kind("stock_refused", &[])
        .kind("stock_released", &[])
        .kind("stock_taken_out", &[])
}

/// Reports of the shipping service.
#[must_use]
pub fn shipping() -> EventTypes<shipping::Reply> {
    EventTypes::new().kind("dispatched", &[]).kind("carrier_refused", &[]).kind("called_off", &[])
}

/// Reports of the billing service.
#[must_use]
pub fn billing() -> EventTypes<billing::Reply> {
    EventTypes::new().kind("invoice_paid", &[]).kind("invoice_unpaid", &[])
}
