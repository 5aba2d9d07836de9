//! Every status that an order came to, for those who follow it.

use aggregate::Change;
use contracts::{
    OrderId, Timestamp,
    ordering::{Event, StatusChange},
};
use database::{Error, Transaction, params, statements};

use super::{named, text};
use crate::domain::Order;

statements! {
    /// One status more.
    const INSERT: "INSERT INTO order_statuses (order_id, seq, status, reason, cancel, outcome, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// What followed a status.
    const AFTER: "SELECT seq, status, reason, cancel, outcome, at FROM order_statuses WHERE order_id = $1 AND seq > $2 ORDER BY seq";
}

/// A status that an order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version of the order that came to it.
    pub seq: u64,
    /// What clients are told.
    pub change: StatusChange,
    /// Whether the order is at an outcome with it.
    pub is_outcome: bool,
}

/// Writes down the statuses that a change led through, one by one, each under the order's version at that moment.
pub(super) async fn record(tx: &mut Transaction, change: &Change<Order>) -> Result<(), Error> {
    // The order before each event is not at hand, and is not needed: what a row tells is known after it. Replaying
    // from the end backwards is impossible, so the tail is folded anew on what is the same throughout.
    let mut order = before(change);
    for (seq, event) in (change.expected + 1..).zip(&change.events) {
        aggregate::Aggregate::evolve(&mut order, event);
        let Some(at) = status_time(event) else { continue };
        let reason = order.reason.as_ref().and_then(text);
        let cancel = order.cancel().as_ref().and_then(text);
        let row =
            params![change.id.uuid(), seq, text(&order.status), reason, cancel, order.is_outcome(), at.micros()];
        tx.execute(INSERT, row).await?;
    }
    Ok(())
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
            at: Timestamp::from_micros(row.get(5)?),
        };
        Ok(Entry { seq: row.get(0)?, change, is_outcome: row.get::<i64>(4)? != 0 })
    })
    .await
}
