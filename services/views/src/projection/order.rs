//! An order's document, as lists have it: without its shipment and its invoice.

use contracts::{
    Money, OrderId,
    ordering::{
        Cancel, Event, Item, Order,
        OrderStatus::{
            self, Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected,
            Shipped,
        },
        WaitingFor,
    },
};

use super::{Document, Kind};

impl Document for Order {
    type Id = OrderId;
    type Event = Event;
    const KIND: Kind = Kind::Order;

    fn id(&self) -> OrderId {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn begun(id: &OrderId, event: &Event) -> Option<Self> {
        let Event::Created { customer_id, reference, at } = event else { return None };
        Some(Self {
            id: *id,
            customer_id: *customer_id,
            reference: reference.clone(),
            status: Open,
            reason: None,
            waiting_for: None,
            cancel: None,
            items: Vec::new(),
            total: None,
            ship_to: None,
            shipment: None,
            invoice: None,
            warnings: Vec::new(),
            created_at: *at,
            placed_at: None,
            finished_at: None,
            version: 1,
        })
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::LineAdded { .. } | Event::LineChanged { .. } | Event::LineRemoved { .. } => {
                change_lines(self, event);
            }
            Event::Placed { at, .. } => {
                self.placed_at = Some(*at);
                enter(self, Pending);
            }
            Event::CreditConfirmed { ship_to, .. } => {
                self.ship_to.clone_from(ship_to);
                enter(self, CreditConfirmed);
            }
            Event::Approved { .. } => enter(self, Approved),
            Event::CancelStarted { reason, .. } => {
                self.reason = *reason;
                self.cancel = reason.is_none().then_some(Cancel::Requested);
                enter(self, CancelPending);
            }
            Event::CancelWished => self.cancel = Some(Cancel::Requested),
            Event::Shipped { .. } => {
                self.reason = None;
                enter(self, Shipped);
            }
            // Both come after SHIPPED, and before COMPLETED.
            Event::InvoicePaid => self.waiting_for = Some(WaitingFor::Settlement),
            Event::InvoiceUnpaid { .. } => self.waiting_for = None,
            Event::Completed { at } => {
                self.finished_at = Some(*at);
                enter(self, Completed);
            }
            Event::Rejected { reason, at } => {
                (self.reason, self.finished_at) = (Some(*reason), Some(*at));
                enter(self, Rejected);
            }
            Event::Cancelled { at } => {
                // Only its client cancels an open order, and nothing says so before.
                let wished = self.status == Open || self.cancel.is_some();
                self.cancel = wished.then_some(Cancel::Requested);
                self.finished_at = Some(*at);
                enter(self, Cancelled);
            }
            Event::Created { .. } | Event::StockTakenOut | Event::CreditSettled => {}
        }
    }

    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A status, with what follows from it.
fn enter(order: &mut Order, status: OrderStatus) {
    order.status = status;
    order.waiting_for = match status {
        Pending => Some(WaitingFor::Credit),
        CreditConfirmed => Some(WaitingFor::Stock),
        Approved => Some(WaitingFor::Carrier),
        CancelPending => Some(WaitingFor::Undo),
        Shipped => Some(WaitingFor::Payment),
        Open | Completed | Rejected | Cancelled => None,
    };
    order.cancel = order.cancel.map(|_| match status {
        Cancelled => Cancel::Done,
        Shipped | Completed => Cancel::TooLate,
        _ => Cancel::Requested,
    });
}

fn change_lines(order: &mut Order, event: &Event) {
    match event {
        Event::LineAdded { sku, name, unit_price, quantity } => order.items.push(Item {
            sku: sku.clone(),
            name: name.clone(),
            quantity: *quantity,
            unit_price: *unit_price,
        }),
        Event::LineChanged { sku, quantity } => {
            for item in order.items.iter_mut().filter(|item| item.sku == *sku) {
                item.quantity = *quantity;
            }
        }
        Event::LineRemoved { sku } => order.items.retain(|item| item.sku != *sku),
        _ => {}
    }
    order.total = total(&order.items);
}

/// What the lines cost together; the owner lets none in that would have no sum.
fn total(items: &[Item]) -> Option<Money> {
    let mut costs = items.iter().map(|item| item.unit_price.times(item.quantity.get()).ok());
    let first = costs.next()??;
    costs.try_fold(first, |total, cost| total.plus(cost?).ok())
}
