//! One order: a row, its lines, and a row for every status that it came to.

use aggregate::{Change, Repository, Versioned};
use contracts::{
    Currency, Money, OrderId, Timestamp,
    ordering::{Event, Item, Order as View},
};
use database::{Error, Row, Transaction, params, statements};

use super::{named, statuses, text};
use crate::{
    domain::{Fulfilment, Lines, Order, Payment},
    view,
};

statements! {
    /// One order without its lines.
    const LOAD: "SELECT customer_id, reference, status, reason, cancel_wished, ship_to, stock_taken_out, payment, \
        credit_settled, created_at, placed_at, finished_at, version FROM orders WHERE order_id = $1";
    /// The lines of an order, in the order in which they were added.
    const LOAD_LINES: "SELECT sku, name, quantity, unit_price, currency FROM order_lines WHERE order_id = $1 ORDER BY position";
    /// A new order.
    const INSERT: "INSERT INTO orders (order_id, customer_id, reference, status, reason, cancel_wished, total, currency, ship_to, \
        stock_taken_out, payment, credit_settled, created_at, placed_at, finished_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// What became of an order that is still at the version that was decided on.
    const UPDATE: "UPDATE orders SET status = $3, reason = $4, cancel_wished = $5, total = $6, currency = $7, ship_to = $8, \
        stock_taken_out = $9, payment = $10, credit_settled = $11, placed_at = $12, finished_at = $13, version = $14 \
        WHERE order_id = $1 AND version = $2";
    /// A new line, behind the others.
    const INSERT_LINE: "INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price, currency) \
        VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM order_lines WHERE order_id = $1), $2, $3, $4, $5, $6)";
    /// Another quantity.
    const CHANGE_LINE: "UPDATE order_lines SET quantity = $3 WHERE order_id = $1 AND sku = $2";
    /// A line taken off.
    const DELETE_LINE: "DELETE FROM order_lines WHERE order_id = $1 AND sku = $2";
}

/// Orders kept as rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows;

impl Repository<Order> for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[OrderId],
        _scope: &(),
    ) -> Result<Vec<Versioned<Order>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(load(tx, *id).await?.unwrap_or_default());
        }
        Ok(found)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Order>]) -> Result<(), Error> {
        let mut sorted: Vec<&Change<Order>> = changes.iter().collect();
        sorted.sort_by_key(|change| change.id);
        for change in sorted {
            save(tx, change).await?;
        }
        Ok(())
    }
}

/// An order as clients see it, without what other services know of it.
///
/// # Errors
/// If the store fails.
pub async fn find(tx: &mut Transaction, id: OrderId) -> Result<Option<View>, Error> {
    Ok(load(tx, id).await?.and_then(|order| view::of(id, &order)))
}

pub(super) async fn load(tx: &mut Transaction, id: OrderId) -> Result<Option<Versioned<Order>>, Error> {
    let Some(mut order) = tx.query_opt(LOAD, params![id.uuid()], read).await? else { return Ok(None) };
    let lines = tx.query(LOAD_LINES, params![id.uuid()], read_line).await?;
    order.state.lines = Lines::from_iter(lines);
    Ok(Some(order))
}

fn read(row: &Row<'_>) -> Result<Versioned<Order>, Error> {
    let time = |index| Ok::<_, Error>(row.get::<Option<i64>>(index)?.map(Timestamp::from_micros));
    let state = Order {
        customer_id: Some(row.get::<uuid::Uuid>(0)?.into()),
        reference: row.parse_opt(1)?,
        lines: Lines::default(),
        status: named(row.get(2)?).unwrap_or_default(),
        reason: named(row.get(3)?),
        cancel_wished: row.get::<i64>(4)? != 0,
        ship_to: row.json(5)?,
        fulfilment: Fulfilment {
            stock_taken_out: row.get::<i64>(6)? != 0,
            payment: payment(&row.get::<String>(7)?),
            credit_settled: row.get::<i64>(8)? != 0,
        },
        created_at: Timestamp::from_micros(row.get(9)?),
        placed_at: time(10)?,
        finished_at: time(11)?,
    };
    Ok(Versioned { state, version: row.get(12)? })
}

fn read_line(row: &Row<'_>) -> Result<Item, Error> {
    let currency: Currency = row.parse(4)?;
    let (quantity, price) = (row.get::<i64>(2)?, row.get::<i64>(3)?);
    let broken = |expected| Error::Column {
        statement: LOAD_LINES.name(),
        column: "quantity, unit_price".to_owned(),
        expected,
        found: "a number out of its range",
    };
    Ok(Item {
        sku: row.parse(0)?,
        name: row.parse(1)?,
        quantity: quantity.try_into().map_err(|_| broken("a quantity"))?,
        unit_price: Money::new(price, currency).map_err(|_| broken("a price"))?,
    })
}

async fn save(tx: &mut Transaction, change: &Change<Order>) -> Result<(), Error> {
    let written = if change.expected == 0 { insert(tx, change).await? } else { update(tx, change).await? };
    if written == 0 {
        return Err(tx.conflict("order"));
    }
    for event in &change.events {
        match event {
            Event::LineAdded { sku, name, unit_price, quantity } => {
                let (price, currency) = (unit_price.amount(), unit_price.currency());
                let quantity = quantity.get();
                let id = change.id.uuid();
                let line = params![id, sku.as_str(), name.as_str(), quantity, price, currency.as_str()];
                tx.execute(INSERT_LINE, line).await?;
            }
            Event::LineChanged { sku, quantity } => {
                tx.execute(CHANGE_LINE, params![change.id.uuid(), sku.as_str(), quantity.get()]).await?;
            }
            Event::LineRemoved { sku } => {
                tx.execute(DELETE_LINE, params![change.id.uuid(), sku.as_str()]).await?;
            }
            _ => {}
        }
    }
    statuses::record(tx, change).await
}

async fn insert(tx: &mut Transaction, change: &Change<Order>) -> Result<u64, Error> {
    let order = &change.after;
    let total = order.total();
    let done = order.fulfilment;
    tx.execute(
        INSERT,
        params![
            change.id.uuid(),
            order.customer_id.map(contracts::CustomerId::uuid),
            order.reference.as_ref().map(contracts::Reference::as_str),
            text(&order.status),
            order.reason.as_ref().and_then(text),
            order.cancel_wished,
            total.map(Money::amount),
            total.map(|total| String::from(total.currency())),
            json(order.ship_to.as_ref()),
            done.stock_taken_out,
            payment_name(done.payment),
            done.credit_settled,
            order.created_at.micros(),
            order.placed_at.map(Timestamp::micros),
            order.finished_at.map(Timestamp::micros),
            change.version(),
        ],
    )
    .await
}

async fn update(tx: &mut Transaction, change: &Change<Order>) -> Result<u64, Error> {
    let order = &change.after;
    let total = order.total();
    let done = order.fulfilment;
    tx.execute(
        UPDATE,
        params![
            change.id.uuid(),
            change.expected,
            text(&order.status),
            order.reason.as_ref().and_then(text),
            order.cancel_wished,
            total.map(Money::amount),
            total.map(|total| String::from(total.currency())),
            json(order.ship_to.as_ref()),
            done.stock_taken_out,
            payment_name(done.payment),
            done.credit_settled,
            order.placed_at.map(Timestamp::micros),
            order.finished_at.map(Timestamp::micros),
            change.version(),
        ],
    )
    .await
}

fn json<T: serde::Serialize>(value: Option<&T>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}

const fn payment_name(payment: Payment) -> &'static str {
    match payment {
        Payment::Awaited => "AWAITED",
        Payment::Unpaid => "UNPAID",
        Payment::Paid => "PAID",
    }
}

fn payment(name: &str) -> Payment {
    match name {
        "PAID" => Payment::Paid,
        "UNPAID" => Payment::Unpaid,
        _ => Payment::Awaited,
    }
}
