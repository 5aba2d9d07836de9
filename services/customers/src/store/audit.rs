//! What this service owns, for `verify`: one snapshot of everything, as large as the store.

use std::collections::BTreeMap;

use contracts::{CustomerId, OrderId, customers};
use database::{Error, Row, Transaction, params, statements};
use messaging::audit::{self, InboxAudit, OutboxAudit};
use serde::Serialize;
use uuid::Uuid;

use super::list;

statements! {
    /// The credit set aside for orders, by customer and order.
    const HELD: "SELECT order_id, amount FROM customer_reservations WHERE customer_id = $1 AND status = 'held' ORDER BY order_id";
    /// How many reservations there are of each status.
    const COUNT: "SELECT status, COUNT(*) FROM customer_reservations GROUP BY status ORDER BY status";
}

/// Customers read at a time.
const PAGE: u32 = 500;

/// Everything that the service owns.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// Which service.
    pub service: &'static str,
    /// Every customer, by id.
    pub aggregates: Vec<Audited>,
    /// Sums over all of them.
    pub counters: BTreeMap<String, i64>,
    /// What is still to be done; zeros at rest.
    pub pending: BTreeMap<&'static str, u64>,
    /// What was sent.
    pub outbox: OutboxAudit,
    /// What was received.
    pub inbox: InboxAudit,
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
    /// Minor units, in the currency of the limit.
    pub amount: i64,
}

/// Everything that the service owns.
///
/// # Errors
/// If the store fails.
pub async fn audit(tx: &mut Transaction) -> Result<Audit, Error> {
    let aggregates = aggregates(tx).await?;
    let count = |row: &Row<'_>| Ok((format!("reservations_{}", row.get::<String>(0)?), row.get(1)?));
    let mut counters: BTreeMap<_, _> = tx.query(COUNT, params![], count).await?.into_iter().collect();
    counters.insert("customers".to_owned(), i64::try_from(aggregates.len()).unwrap_or(i64::MAX));
    let (outbox, inbox) = (audit::of_outbox(tx).await?, audit::of_inbox(tx).await?);
    let pending = BTreeMap::from([("outbox", outbox.unconfirmed), ("parked", inbox.parked)]);
    Ok(Audit { service: "customers", aggregates, counters, pending, outbox, inbox })
}

async fn aggregates(tx: &mut Transaction) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    let mut after: Option<CustomerId> = None;
    loop {
        let page = list(tx, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(audited) };
        after = Some(last.id);
        for customer in page {
            let held = tx.query(HELD, params![customer.id.uuid()], read_held).await?;
            audited.push(Audited { customer, held });
        }
    }
}

fn read_held(row: &Row<'_>) -> Result<Held, Error> {
    Ok(Held { order_id: row.get::<Uuid>(0)?.into(), amount: row.get(1)? })
}
