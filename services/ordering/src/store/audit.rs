//! What this service owns, for `verify`.

use chassis::republish;
use contracts::ordering;
use database::{Error, Transaction, params, statements};
use uuid::Uuid;

use super::rows;
use crate::view;

statements! {
    /// How many orders are shipped and not paid for, refused for good.
    const UNPAID: "SELECT COUNT(*) FROM orders WHERE status = 'SHIPPED' AND payment = 'UNPAID'";
    /// Some orders, by id.
    const PAGE: "SELECT order_id FROM orders WHERE order_id > $1 ORDER BY order_id LIMIT $2";
}

/// The orders above an id, in the order of their ids, at most `limit`.
///
/// # Errors
/// If the store fails.
pub async fn audit(tx: &mut Transaction, after: Uuid, limit: u32) -> Result<Vec<ordering::Order>, Error> {
    let ids = tx.query(PAGE, params![after, limit], |row| row.get::<Uuid>(0)).await?;
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        orders.extend(rows::load(tx, id.into()).await?.and_then(|order| view::of(id.into(), &order)));
    }
    Ok(orders)
}

/// The documents of the orders above an id, at most `limit`, to be told again.
///
/// # Errors
/// If the store fails.
pub async fn documents(
    tx: &mut Transaction,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<republish::Document>, Error> {
    let after = after.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_default();
    let orders = audit(tx, after, limit).await?;
    orders.iter().map(|order| republish::document(order.id, order)).collect()
}

/// How many orders are shipped and not paid for, their payment refused for good.
///
/// # Errors
/// If the store fails.
pub async fn unpaid(tx: &mut Transaction) -> Result<i64, Error> {
    tx.query_one(UNPAID, params![], |row| row.get(0)).await
}
