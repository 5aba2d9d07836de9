//! What this service owns, for `verify`: one snapshot of everything, as large as the store.

use std::collections::BTreeMap;

use contracts::{OrderId, Sku, warehouse};
use database::{Error, Row, Transaction, params, statements};
use messaging::audit::{self, InboxAudit, OutboxAudit};
use serde::Serialize;
use uuid::Uuid;

use super::list;

statements! {
    /// The stock set aside for orders, by order.
    const HELD: "SELECT order_id, quantity FROM product_reservations WHERE sku = $1 AND status = 'held' ORDER BY order_id";
    /// How many reservations there are of each status.
    const COUNT: "SELECT status, COUNT(*) FROM product_reservations GROUP BY status ORDER BY status";
    /// How many pieces have left the house.
    const TAKEN_OUT: "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM product_reservations WHERE status = 'taken_out'";
}

/// Products read at a time.
const PAGE: u32 = 500;

/// Everything that the service owns.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// Which service.
    pub service: &'static str,
    /// Every product, by sku.
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

/// One product, and what is set aside of it.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// As clients see it.
    #[serde(flatten)]
    pub product: warehouse::Product,
    /// The pieces set aside for each order under way, by its id.
    pub held: Vec<Held>,
}

/// Pieces set aside for an order.
#[derive(Debug, Serialize)]
pub struct Held {
    /// The order.
    pub order_id: OrderId,
    /// How many.
    pub quantity: i64,
}

/// Everything that the service owns.
///
/// # Errors
/// If the store fails.
pub async fn audit(tx: &mut Transaction) -> Result<Audit, Error> {
    let aggregates = aggregates(tx).await?;
    let count = |row: &Row<'_>| Ok((format!("reservations_{}", row.get::<String>(0)?), row.get(1)?));
    let mut counters: BTreeMap<_, _> = tx.query(COUNT, params![], count).await?.into_iter().collect();
    let taken_out = tx.query_one(TAKEN_OUT, params![], |row| row.get(0)).await?;
    counters.insert("pieces_taken_out".to_owned(), taken_out);
    counters.insert("products".to_owned(), i64::try_from(aggregates.len()).unwrap_or(i64::MAX));
    let (outbox, inbox) = (audit::of_outbox(tx).await?, audit::of_inbox(tx).await?);
    let pending = BTreeMap::from([("outbox", outbox.unconfirmed), ("parked", inbox.parked)]);
    Ok(Audit { service: "warehouse", aggregates, counters, pending, outbox, inbox })
}

async fn aggregates(tx: &mut Transaction) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    let mut after: Option<Sku> = None;
    loop {
        let page = list(tx, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(audited) };
        after = Some(last.sku.clone());
        for product in page {
            let held = tx.query(HELD, params![product.sku.as_str()], read_held).await?;
            audited.push(Audited { product, held });
        }
    }
}

fn read_held(row: &Row<'_>) -> Result<Held, Error> {
    Ok(Held { order_id: row.get::<Uuid>(0)?.into(), quantity: row.get(1)? })
}
