//! Every status that an order came to, for those who follow it.

use aggregate::{Aggregate, Change};
use contracts::{
    OrderId, Timestamp,
    ordering::{Event, StatusChange},
};
use database::{Error, Transaction, params, statements};

use super::{named, text};
use crate::domain::Order;

statements! {
    /// One status more.
    const INSERT: "INSERT INTO order_statuses (order_id, seq, status, reason, cancel, entered, outcome, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// What followed a status.
    const AFTER: "SELECT seq, status, reason, cancel, entered, outcome, at FROM order_statuses WHERE order_id = $1 AND seq > $2 ORDER BY seq";
}

/// A status that an order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version of the order that came to it.
    pub seq: u64,
    /// What clients are told.
    pub change: StatusChange,
    /// Whether the status is another than before; it is not where only the payment was refused.
    pub entered: bool,
    /// Whether the order is at an outcome with it.
    pub is_outcome: bool,
}

/// Writes down the statuses that a change led through.
pub(super) async fn record(tx: &mut Transaction, change: &Change<Order>) -> Result<(), Error> {
    let entries = entries(change.id, change.before.clone(), change.expected, &change.events);
    for Entry { seq, change, entered, is_outcome } in entries {
        let (id, status, at) = (change.order_id.uuid(), text(&change.status), change.at.micros());
        let (reason, cancel) = (change.reason.as_ref().and_then(text), change.cancel.as_ref().and_then(text));
        let row = params![id, seq, status, reason, cancel, entered, is_outcome, at];
        tx.execute(INSERT, row).await?;
    }
    Ok(())
}

/// The statuses that these events lead an order through that is at version `after`, one by one, each under the order's version
/// at that moment.
pub(crate) fn entries(id: OrderId, mut order: Order, after: u64, events: &[Event]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (seq, event) in (after + 1..).zip(events) {
        let came_from = order.exists().then_some(order.status);
        order.evolve(event);
        let Some(at) = status_time(event) else { continue };
        let Order { status, reason, .. } = order;
        let change = StatusChange { order_id: id, status, reason, cancel: order.cancel(), at };
        let (entered, is_outcome) = (came_from != Some(status), order.is_outcome());
        entries.push(Entry { seq, change, entered, is_outcome });
    }
    entries
}

/// The statuses that came after the one of this number, in order; all of them after 0.
///
/// # Errors
/// If the store fails.
pub async fn statuses_after(tx: &mut Transaction, id: OrderId, seq: u64) -> Result<Vec<Entry>, Error> {
    tx.query(AFTER, params![id.uuid(), seq], |row| {
        let change = StatusChange {
            order_id: id,
            status: named(row.get(1)?).unwrap_or_default(),
            reason: named(row.get(2)?),
            cancel: named(row.get(3)?),
            at: Timestamp::from_micros(row.get(6)?),
        };
        let (entered, is_outcome) = (row.get::<i64>(4)? != 0, row.get::<i64>(5)? != 0);
        Ok(Entry { seq: row.get(0)?, change, entered, is_outcome })
    })
    .await
}

/// When an event brought the order to a status, or to its outcome; nothing for those that did neither.
const fn status_time(event: &Event) -> Option<Timestamp> {
    match event {
        Event::Created { at, .. }
        | Event::Placed { at, .. }
        | Event::CreditConfirmed { at, .. }
        | Event::Approved { at }
        | Event::CancelStarted { at, .. }
        | Event::Shipped { at }
        | Event::InvoiceUnpaid { at }
        | Event::Completed { at }
        | Event::Rejected { at, .. }
        | Event::Cancelled { at } => Some(*at),
        Event::LineAdded { .. }
        | Event::LineChanged { .. }
        | Event::LineRemoved { .. }
        | Event::CancelWished
        | Event::StockTakenOut
        | Event::InvoicePaid
        | Event::CreditSettled => None,
    }
}
