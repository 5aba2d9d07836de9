//! What this service owns, for `verify`.

use std::collections::BTreeMap;

use contracts::{CustomerId, Money, OrderId, customers};
use database::{Error, Row, Transaction, params, statements};
use serde::Serialize;
use uuid::Uuid;

use super::{list, rows::money};

statements! {
    /// The credit set aside for a customer's orders, by order.
    const HELD: "SELECT order_id, amount, currency FROM customer_reservations \
        WHERE customer_id = $1 AND status = 'held' ORDER BY order_id";
    /// How many customers there are, and how many reservations of each status.
    const COUNTERS: "SELECT 'customers', COUNT(*) FROM customers \
        UNION ALL SELECT 'reservations_' || status, COUNT(*) FROM customer_reservations GROUP BY status";
}

/// One customer, and what is set aside for their orders.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// As clients see them.
    #[serde(flatten)]
    pub customer: customers::Customer,
    /// The credit set aside for each order under way, by its id.
    pub held: Vec<Held>,
}

/// Credit set aside for an order.
#[derive(Debug, Serialize)]
pub struct Held {
    /// The order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}

/// The customers after one, at most `limit`, in the order of their ids.
///
/// # Errors
/// If the store fails.
pub async fn audit(
    tx: &mut Transaction,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    for customer in list(tx, after, limit).await? {
        let held = tx.query(HELD, params![customer.id.uuid()], read_held).await?;
        audited.push(Audited { customer, held });
    }
    Ok(audited)
}

/// How many there are of what, over all customers.
///
/// # Errors
/// If the store fails.
pub async fn counters(tx: &mut Transaction) -> Result<BTreeMap<String, i64>, Error> {
    let counters = tx.query(COUNTERS, params![], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(counters.into_iter().collect())
}

fn read_held(row: &Row<'_>) -> Result<Held, Error> {
    Ok(Held { order_id: row.get::<Uuid>(0)?.into(), amount: money(row, 1, row.parse(2)?)? })
}
