//! An invoice as clients see it.

use aggregate::Versioned;
use contracts::{OrderId, billing};

use crate::domain::{Invoice, Stage};

/// The invoice as clients see it; `None` if there is none.
#[must_use]
pub fn of(order_id: OrderId, invoice: &Versioned<Invoice>) -> Option<billing::Invoice> {
    let Versioned { state, version } = invoice;
    let bill = state.bill.as_ref()?;
    Some(billing::Invoice {
        id: order_id,
        order_id,
        customer_id: bill.customer_id,
        amount: bill.amount,
        attempts: state.attempts,
        status: state.status()?,
        issued_at: bill.at,
        paid_at: if let Stage::Paid { at } = state.stage { Some(at) } else { None },
        version: *version,
    })
}
