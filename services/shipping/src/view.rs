//! A shipment as clients see it.

use aggregate::Versioned;
use contracts::{OrderId, shipping};

use crate::domain::{Shipment, Stage};

/// The shipment as clients see it; `None` if nothing is known of it.
#[must_use]
pub fn of(order_id: OrderId, shipment: &Versioned<Shipment>) -> Option<shipping::Shipment> {
    let Versioned { state, version } = shipment;
    let dispatch = if let Stage::Dispatched(dispatch) = &state.stage { Some(dispatch) } else { None };
    Some(shipping::Shipment {
        order_id,
        status: state.status()?,
        address: state.request.as_ref().map(|request| request.address.clone()),
        lines: state.request.as_ref().map(|request| request.lines.clone()).unwrap_or_default(),
        carrier: dispatch.map(|dispatch| dispatch.carrier.clone()),
        tracking_number: dispatch.map(|dispatch| dispatch.tracking_number.clone()),
        dispatched_at: dispatch.map(|dispatch| dispatch.at),
        version: *version,
    })
}
