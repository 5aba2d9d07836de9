//! What is asked of views, of one generation.

use contracts::{
    Count, Currency, CustomerId, Money, OrderId, Sku, Timestamp,
    customers::Customer,
    ordering::{Order, OrderStatus},
    views::{PastOrder, Stock, Valuable, ValuableCustomer},
    warehouse::Product,
};
use database::{Error, Row, Transaction, params, statements};
use serde_json::value::RawValue;
use uuid::Uuid;

statements! {
    /// The newest orders that fit, from below the cursor.
    const ORDERS: "SELECT order_id, document FROM view_orders WHERE generation = $1 AND order_id < $2 \
        AND (CAST($3 AS TEXT) IS NULL OR status = $3) \
        AND (CAST($4 AS BIGINT) IS NULL OR placed_at > $4) \
        ORDER BY order_id DESC LIMIT $5";
    /// The newest orders of one customer that fit.
    const ORDERS_OF_CUSTOMER: "SELECT order_id, document FROM view_orders \
        WHERE generation = $1 AND order_id < $2 AND customer_id = $6 \
        AND (CAST($3 AS TEXT) IS NULL OR status = $3) \
        AND (CAST($4 AS BIGINT) IS NULL OR placed_at > $4) \
        ORDER BY order_id DESC LIMIT $5";
    /// The newest orders in one status that fit.
    const ORDERS_IN_STATUS: "SELECT order_id, document FROM view_orders \
        WHERE generation = $1 AND order_id < $2 AND status = $3 \
        AND (CAST($4 AS BIGINT) IS NULL OR placed_at > $4) \
        ORDER BY order_id DESC LIMIT $5";
    /// The newest orders with a line for one product that fit.
    const ORDERS_WITH_SKU: "SELECT o.order_id, o.document FROM view_order_lines l \
        JOIN view_orders o ON o.generation = l.generation AND o.order_id = l.order_id \
        WHERE l.generation = $1 AND l.order_id < $2 AND l.sku = $7 \
        AND (CAST($3 AS TEXT) IS NULL OR o.status = $3) \
        AND (CAST($4 AS BIGINT) IS NULL OR o.placed_at > $4) \
        AND (CAST($6 AS BYTEA) IS NULL OR o.customer_id = $6) \
        ORDER BY l.order_id DESC LIMIT $5";
    /// The document of one customer.
    const CUSTOMER: "SELECT document FROM view_customers WHERE generation = $1 AND customer_id = $2";
    /// How many orders a customer has.
    const ORDERED: "SELECT COUNT(*) FROM view_orders WHERE generation = $1 AND customer_id = $2";
    /// What a customer's completed orders cost, by currency.
    const SPENT: "SELECT currency, CAST(SUM(total) AS BIGINT) FROM view_orders \
        WHERE generation = $1 AND customer_id = $2 AND status = 'COMPLETED' AND currency IS NOT NULL \
        GROUP BY currency ORDER BY currency";
    /// Some products, by sku, and what is wanted of each.
    const STOCK: "SELECT p.document, CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT), COUNT(l.quantity) FROM view_products p \
        LEFT JOIN view_order_lines l ON l.generation = p.generation AND l.sku = p.sku AND l.wanted = 1 \
        WHERE p.generation = $1 AND p.sku > $2 GROUP BY p.sku, p.document ORDER BY p.sku LIMIT $3";
    /// Customers of a time by what their orders of a kind cost.
    const VALUABLE: "SELECT c.customer_id, c.name, c.created_at, COUNT(*), CAST(SUM(o.total) AS BIGINT) AS total \
        FROM view_customers c \
        JOIN view_orders o ON o.generation = c.generation AND o.customer_id = c.customer_id \
        WHERE c.generation = $1 AND c.created_at >= $2 AND o.currency = $3 AND o.total >= $4 \
        AND CAST($5 AS TEXT) LIKE '%,' || o.status || ',%' \
        GROUP BY c.customer_id, c.name, c.created_at \
        HAVING SUM(o.total) < $6 OR (SUM(o.total) = $6 AND c.customer_id < $7) \
        ORDER BY SUM(o.total) DESC, c.customer_id DESC LIMIT $8";
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

/// An order's document, as it is kept.
#[derive(Debug)]
pub struct Found {
    /// The order.
    pub id: OrderId,
    /// Its document.
    pub document: Box<RawValue>,
}

/// The newest orders that fit, at most `limit`. Their ids are made in the order of time.
///
/// # Errors
/// If the store fails; so for all that follow.
pub async fn orders(
    tx: &mut Transaction,
    generation: i64,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Found>, Error> {
    let before = filter.before.map_or(Uuid::max(), OrderId::uuid);
    let status = filter.status.map(OrderStatus::as_str);
    let (customer, after) =
        (filter.customer.map(CustomerId::uuid), filter.placed_after.map(Timestamp::micros));
    let read = |row: &Row<'_>| Ok(Found { id: row.get::<Uuid>(0)?.into(), document: row.json(1)? });
    let all = params![generation, before, status, after, limit];
    match (&filter.sku, customer, status) {
        (Some(sku), ..) => {
            let some = params![generation, before, status, after, limit, customer, sku.as_str()];
            tx.query(ORDERS_WITH_SKU, some, read).await
        }
        (None, Some(customer), _) => {
            let some = params![generation, before, status, after, limit, customer];
            tx.query(ORDERS_OF_CUSTOMER, some, read).await
        }
        (None, None, Some(_)) => tx.query(ORDERS_IN_STATUS, all, read).await,
        (None, None, None) => tx.query(ORDERS, all, read).await,
    }
}

/// The newest orders of a customer, shortly.
///
/// # Errors
/// See [`orders`].
pub async fn history(
    tx: &mut Transaction,
    generation: i64,
    customer: CustomerId,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<PastOrder>, Error> {
    let before = before.map_or(Uuid::max(), OrderId::uuid);
    let (status, after): (Option<&str>, Option<i64>) = (None, None);
    let some = params![generation, before, status, after, limit, customer.uuid()];
    tx.query(ORDERS_OF_CUSTOMER, some, |row| Ok(past(row.json(1)?))).await
}

/// Who a customer is, if that is known.
///
/// # Errors
/// See [`orders`].
pub async fn customer(
    tx: &mut Transaction,
    generation: i64,
    id: CustomerId,
) -> Result<Option<Customer>, Error> {
    tx.query_opt(CUSTOMER, params![generation, id.uuid()], |row| row.json(0)).await
}

/// How many orders a customer has, and what the completed ones cost in each currency.
///
/// # Errors
/// See [`orders`].
pub async fn ordered(
    tx: &mut Transaction,
    generation: i64,
    id: CustomerId,
) -> Result<(u64, Vec<Money>), Error> {
    let id = id.uuid();
    let orders = tx.query_one(ORDERED, params![generation, id], |row| row.get(0)).await?;
    let read = |row: &Row<'_>| Ok(money(row.get(1)?, row.parse(0)?));
    Ok((orders, tx.query(SPENT, params![generation, id], read).await?))
}

/// The products after one, at most `limit`, with what is wanted of them.
///
/// # Errors
/// See [`orders`].
pub async fn stock(
    tx: &mut Transaction,
    generation: i64,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<Stock>, Error> {
    let after = after.map_or("", Sku::as_str);
    let read = |row: &Row<'_>| {
        let Product { sku, name, unit_price, received, on_hand, reserved, available, version } =
            row.json(0)?;
        let count = |pieces: i64| Count::new(pieces.clamp(0, Count::MAX)).unwrap_or_default();
        let gone = count(received.get() - on_hand.get());
        let (wanted, wanted_by) = (count(row.get(1)?), row.get(2)?);
        Ok(Stock { sku, name, unit_price, on_hand, reserved, available, gone, wanted, wanted_by, version })
    };
    tx.query(STOCK, params![generation, after, limit], read).await
}

/// The valuable customers, those first whose orders cost most, and one more than is asked for if there are more.
///
/// # Errors
/// See [`orders`].
pub async fn valuable(
    tx: &mut Transaction,
    generation: i64,
    wanted: &Valuable,
) -> Result<Vec<ValuableCustomer>, Error> {
    let mut statuses = String::from(",");
    for status in &wanted.statuses {
        statuses.push_str(status.as_str());
        statuses.push(',');
    }
    let (total, customer) = wanted.after.map_or((i64::MAX, Uuid::max()), |(total, id)| (total, id.uuid()));
    let currency = wanted.min_total.currency();
    let asked = params![
        generation,
        wanted.since.micros(),
        currency.as_str(),
        wanted.min_total.amount(),
        statuses,
        total,
        customer,
        wanted.limit + 1,
    ];
    let read = |row: &Row<'_>| {
        Ok(ValuableCustomer {
            customer_id: row.get::<Uuid>(0)?.into(),
            name: row.parse(1)?,
            created_at: Timestamp::from_micros(row.get(2)?),
            orders: row.get(3)?,
            total: money(row.get(4)?, currency),
        })
    };
    tx.query(VALUABLE, asked, read).await
}

/// A sum of amounts; one that is more than an amount can be is told as the largest.
fn money(amount: i64, currency: Currency) -> Money {
    Money::new(amount.clamp(0, Money::MAX), currency).unwrap_or(Money::zero(currency))
}

fn past(order: Order) -> PastOrder {
    PastOrder {
        order_id: order.id,
        reference: order.reference,
        status: order.status,
        reason: order.reason,
        lines: order.items.len() as u64,
        total: order.total,
        created_at: order.created_at,
        placed_at: order.placed_at,
        finished_at: order.finished_at,
        version: order.version,
    }
}
