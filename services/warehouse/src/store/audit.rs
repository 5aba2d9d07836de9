//! What this service owns, for `verify`.

use std::collections::BTreeMap;

use contracts::{OrderId, Sku, warehouse};
use database::{Error, Row, Transaction, params, statements};
use serde::Serialize;
use uuid::Uuid;

use super::list;

statements! {
    /// The stock set aside of a product, by order.
    const HELD: "SELECT order_id, quantity FROM product_reservations \
        WHERE sku = $1 AND status = 'held' ORDER BY order_id";
    /// How many products there are, how many reservations of each status, how many pieces have left the
    /// house.
    const COUNTERS: "SELECT 'products', COUNT(*) FROM products \
        UNION ALL SELECT 'reservations_' || status, COUNT(*) FROM product_reservations GROUP BY status \
        UNION ALL SELECT 'pieces_taken_out', CAST(COALESCE(SUM(received - on_hand), 0) AS BIGINT) FROM products";
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

/// The products after one, at most `limit`, by sku.
///
/// # Errors
/// If the store fails.
pub async fn audit(tx: &mut Transaction, after: Option<&Sku>, limit: u32) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    for product in list(tx, after, limit).await? {
        let held = tx.query(HELD, params![product.sku.as_str()], read_held).await?;
        audited.push(Audited { product, held });
    }
    Ok(audited)
}

/// How many there are of what, over all products.
///
/// # Errors
/// If the store fails.
pub async fn counters(tx: &mut Transaction) -> Result<BTreeMap<String, i64>, Error> {
    let counters = tx.query(COUNTERS, params![], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(counters.into_iter().collect())
}

fn read_held(row: &Row<'_>) -> Result<Held, Error> {
    Ok(Held { order_id: row.get::<Uuid>(0)?.into(), quantity: row.get(1)? })
}
