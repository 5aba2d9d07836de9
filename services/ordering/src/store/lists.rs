//! Orders by what they have in common, newest first.

use contracts::{CustomerId, OrderId, Sku, Timestamp, ordering, ordering::OrderStatus};
use database::{Error, Transaction, params, statements};

use super::{rows, text};
use crate::view;

statements! {
    /// The newest orders that fit, from below the cursor.
    const LIST: "SELECT order_id FROM orders WHERE order_id < $1 \
        AND (CAST($2 AS BYTEA) IS NULL OR customer_id = $2) \
        AND (CAST($3 AS TEXT) IS NULL OR status = $3) \
        AND (CAST($4 AS BIGINT) IS NULL OR placed_at > $4) \
        AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM order_lines WHERE order_lines.order_id = orders.order_id AND sku = $5)) \
        ORDER BY order_id DESC LIMIT $6";
    /// The newest orders of one customer that fit, from below the cursor.
    const LIST_OF_CUSTOMER: "SELECT order_id FROM orders WHERE customer_id = $2 AND order_id < $1 \
        AND (CAST($3 AS TEXT) IS NULL OR status = $3) \
        AND (CAST($4 AS BIGINT) IS NULL OR placed_at > $4) \
        AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM order_lines WHERE order_lines.order_id = orders.order_id AND sku = $5)) \
        ORDER BY order_id DESC LIMIT $6";
}

/// Which orders are wanted; all of them unless told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of one customer.
    pub customer: Option<CustomerId>,
    /// Those in one status.
    pub status: Option<OrderStatus>,
    /// Those with a line for one product.
    pub sku: Option<Sku>,
    /// Those placed after an instant.
    pub placed_after: Option<Timestamp>,
    /// Those older than one order.
    pub before: Option<OrderId>,
}

/// The newest orders that fit.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The orders.
    pub orders: Vec<ordering::Order>,
    /// The last one that was looked at, where there are older ones that were not and might fit.
    pub looked: Option<OrderId>,
}

/// The newest orders that fit, at most `limit`. Their ids are made in the order of time.
///
/// # Errors
/// If the store fails.
pub async fn list(tx: &mut Transaction, filter: &Filter, limit: u32) -> Result<Listed, Error> {
    let before = filter.before.map_or(uuid::Uuid::max(), OrderId::uuid);
    let customer = filter.customer.map(CustomerId::uuid);
    let status = filter.status.as_ref().and_then(text);
    let after = filter.placed_after.map(Timestamp::micros);
    let sku = filter.sku.as_ref().map(Sku::as_str);
    let statement = if customer.is_some() { LIST_OF_CUSTOMER } else { LIST };
    let found = params![before, customer, status, after, sku, limit];
    let ids = tx.query(statement, found, |row| row.get::<uuid::Uuid>(0)).await?;
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids.into_iter().map(OrderId::from) {
        orders.extend(rows::load(tx, id).await?.and_then(|order| view::of(id, &order)));
    }
    Ok(Listed { orders, looked: None })
}
