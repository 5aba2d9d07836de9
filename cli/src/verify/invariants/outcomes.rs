//! 1: where orders end.

use contracts::{
    billing::InvoiceStatus,
    ordering::OrderStatus::{Cancelled, Completed, Open, Rejected, Shipped},
    shipping::ShipmentStatus,
};

use crate::{
    audit::OrderRow,
    verify::{Offence, System, Verdict},
    workload::word,
};

/// Every placed order is COMPLETED, REJECTED, CANCELLED, or SHIPPED with an UNPAID invoice; an order that was not placed is OPEN
/// or CANCELLED.
pub(super) fn are_reached(system: &System) -> Verdict {
    let invoices = system.invoices_by_order();
    let wrong = |order: &OrderRow| {
        let unpaid = || invoices.get(&order.id).is_some_and(|it| it.status == InvoiceStatus::Unpaid);
        match order.status {
            Completed | Rejected => {
                order.placed_at.is_none().then(|| "it has an outcome, but was never placed".to_owned())
            }
            Cancelled => None,
            Open => order.placed_at.is_some().then(|| "it was placed, and is OPEN again".to_owned()),
            Shipped => (!unpaid()).then(|| "it is SHIPPED, and its invoice is not UNPAID".to_owned()),
            other => Some(format!("it is still {}", word(&other))),
        }
    };
    let offences = system.orders.iter().filter_map(|order| Some(Offence::new(order.id, wrong(order)?)));
    offences.collect::<Vec<_>>().into()
}

/// What shipping and billing have is what the orders say.
pub(super) fn agree(system: &System) -> Verdict {
    let (orders, invoices) = (system.orders_by_id(), system.invoices_by_order());
    let mut offences = Vec::new();
    let mut dispatched = std::collections::BTreeSet::new();
    for shipment in &system.shipments {
        match (shipment.status, orders.get(&shipment.order_id)) {
            (_, None) => offences.push(Offence::new(shipment.order_id, "it has a shipment, but is no order")),
            (ShipmentStatus::Dispatched, Some(order)) => {
                dispatched.insert(order.id);
                offences.extend((!order.has_left()).then(|| {
                    Offence::new(order.id, format!("it was dispatched, and is {}", word(&order.status)))
                }));
            }
            _ => {}
        }
    }
    for order in system.orders.iter().filter(|order| order.has_left() && !dispatched.contains(&order.id)) {
        offences
            .push(Offence::new(order.id, format!("it is {}, and was not dispatched", word(&order.status))));
    }
    for invoice in system.invoices.iter().filter(|invoice| !orders.contains_key(&invoice.order_id)) {
        offences.push(Offence::new(invoice.order_id, "it has an invoice, but is no order"));
    }
    for order in &system.orders {
        let invoice = invoices.get(&order.id).map(|invoice| invoice.status);
        let expected = match order.status {
            Completed => Some(InvoiceStatus::Paid),
            Shipped => Some(InvoiceStatus::Unpaid),
            _ => None,
        };
        if invoice != expected {
            let told =
                |status: Option<InvoiceStatus>| status.map_or("none".to_owned(), |status| word(&status));
            let what = format!("it is {}, and its invoice is {}", word(&order.status), told(invoice));
            offences.push(Offence::new(order.id, what));
        }
    }
    offences.into()
}
