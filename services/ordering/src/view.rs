//! An order as clients see it.

use aggregate::Versioned;
use contracts::{OrderId, ordering};

use crate::domain::Order;

/// The order as clients see it, without what other services know of it; `None` if there is no such order.
#[must_use]
pub fn of(id: OrderId, order: &Versioned<Order>) -> Option<ordering::Order> {
    let Versioned { state, version } = order;
    Some(ordering::Order {
        id,
        customer_id: state.customer_id?,
        reference: state.reference.clone(),
        status: state.status,
        reason: state.reason,
        waiting_for: state.waiting_for(),
        cancel: state.cancel(),
        items: state.lines.to_vec(),
        total: state.total(),
        ship_to: state.ship_to.clone(),
        shipment: None,
        invoice: None,
        warnings: Vec::new(),
        created_at: state.created_at,
        placed_at: state.placed_at,
        finished_at: state.finished_at,
        version: *version,
    })
}
