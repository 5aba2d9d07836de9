//! One product: a row, and a row for the stock of every order.

use aggregate::{Change, Repository, Versioned};
use contracts::{Count, Money, OrderId, Quantity, Sku, warehouse::Event};
use database::{Error, Row, Statement, Transaction, params, statements};

use crate::domain::{Offer, Product, Reservation, Stock};

statements! {
    /// One product without reservations.
    const LOAD: "SELECT name, unit_price, currency, received, on_hand, reserved, version FROM products \
        WHERE sku = $1";
    /// What became of the stock of one order.
    const LOAD_RESERVATION: "SELECT status, quantity FROM product_reservations \
        WHERE sku = $1 AND order_id = $2";
    /// A new product, unless there is one of this sku.
    const INSERT: "INSERT INTO products (sku, version, name, unit_price, currency, received, on_hand, reserved) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sku) DO NOTHING";
    /// What became of a product that is still at the version that was decided on.
    const UPDATE: "UPDATE products SET version = $3, name = $4, unit_price = $5, currency = $6, received = $7, \
        on_hand = $8, reserved = $9 WHERE sku = $1 AND version = $2";
    /// What became of the stock of one order.
    const PUT_RESERVATION: "INSERT INTO product_reservations (sku, order_id, status, quantity, changed_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sku, order_id) \
        DO UPDATE SET status = excluded.status, quantity = excluded.quantity, changed_at = excluded.changed_at";
}

/// Products kept as rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows;

impl Repository<Product> for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[Sku],
        scope: &Option<OrderId>,
    ) -> Result<Vec<Versioned<Product>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for sku in ids {
            found.push(load(tx, sku, *scope).await?.unwrap_or_default());
        }
        Ok(found)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Product>]) -> Result<(), Error> {
        let mut sorted: Vec<&Change<Product>> = changes.iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        for change in sorted {
            save(tx, change).await?;
        }
        Ok(())
    }
}

pub(super) async fn load(
    tx: &mut Transaction,
    sku: &Sku,
    scope: Option<OrderId>,
) -> Result<Option<Versioned<Product>>, Error> {
    let Some(mut product) = tx.query_opt(LOAD, params![sku.as_str()], read).await? else { return Ok(None) };
    if let Some(order_id) = scope {
        let params = params![sku.as_str(), order_id.uuid()];
        let found = tx.query_opt(LOAD_RESERVATION, params, read_reservation).await?;
        product.state.reservations.extend(found.map(|reservation| (order_id, reservation)));
    }
    Ok(Some(product))
}

async fn save(tx: &mut Transaction, change: &Change<Product>) -> Result<(), Error> {
    // No event happens to nothing, so whatever changed is offered.
    let Some(offer) = &change.after.offer else { return Err(tx.conflict("product")) };
    let rows = match change.expected {
        0 => insert(tx, change, offer).await?,
        _ => update(tx, change, offer).await?,
    };
    if rows == 0 {
        return Err(tx.conflict("product"));
    }
    for event in &change.events {
        match event {
            Event::StockReserved { order_id, quantity } => {
                put(tx, &change.id, *order_id, "held", Some(*quantity)).await?;
            }
            Event::StockRefused { order_id, quantity } => {
                put(tx, &change.id, *order_id, "refused", Some(*quantity)).await?;
            }
            Event::StockReleased { order_id, quantity } => {
                put(tx, &change.id, *order_id, "released", Some(*quantity)).await?;
            }
            Event::StockBarred { order_id } => put(tx, &change.id, *order_id, "barred", None).await?,
            Event::StockTakenOut { order_id, quantity } => {
                put(tx, &change.id, *order_id, "taken_out", Some(*quantity)).await?;
            }
            // In the product's own row.
            Event::Added { .. }
            | Event::Renamed { .. }
            | Event::Repriced { .. }
            | Event::PriceCorrected { .. }
            | Event::Restocked { .. } => {}
        }
    }
    Ok(())
}

async fn insert(tx: &mut Transaction, change: &Change<Product>, offer: &Offer) -> Result<u64, Error> {
    let Stock { received, on_hand, reserved } = change.after.stock;
    tx.execute(
        INSERT,
        params![
            change.id.as_str(),
            change.version(),
            offer.name.as_str(),
            offer.unit_price.amount(),
            offer.unit_price.currency().as_str(),
            received.get(),
            on_hand.get(),
            reserved.get(),
        ],
    )
    .await
}

async fn update(tx: &mut Transaction, change: &Change<Product>, offer: &Offer) -> Result<u64, Error> {
    let Stock { received, on_hand, reserved } = change.after.stock;
    tx.execute(
        UPDATE,
        params![
            change.id.as_str(),
            change.expected,
            change.version(),
            offer.name.as_str(),
            offer.unit_price.amount(),
            offer.unit_price.currency().as_str(),
            received.get(),
            on_hand.get(),
            reserved.get(),
        ],
    )
    .await
}

async fn put(
    tx: &mut Transaction,
    sku: &Sku,
    order_id: OrderId,
    status: &str,
    quantity: Option<Quantity>,
) -> Result<(), Error> {
    let (quantity, now) = (quantity.map(Quantity::get), tx.now());
    tx.execute(PUT_RESERVATION, params![sku.as_str(), order_id.uuid(), status, quantity, now]).await?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Versioned<Product>, Error> {
    let count = |index| Count::new(row.get(index)?).map_err(|_| broken(LOAD, index, "a number of pieces"));
    let unit_price = Money::new(row.get(1)?, row.parse(2)?).map_err(|_| broken(LOAD, 1, "an amount"))?;
    let state = Product {
        offer: Some(Offer { name: row.parse(0)?, unit_price }),
        stock: Stock { received: count(3)?, on_hand: count(4)?, reserved: count(5)? },
        ..Product::default()
    };
    Ok(Versioned { state, version: row.get(6)? })
}

fn read_reservation(row: &Row<'_>) -> Result<Reservation, Error> {
    Ok(match row.get::<String>(0)?.as_str() {
        "held" => {
            let quantity = Quantity::new(row.get(1)?);
            Reservation::Held(quantity.map_err(|_| broken(LOAD_RESERVATION, 1, "a quantity"))?)
        }
        "refused" => Reservation::Refused,
        "taken_out" => Reservation::TakenOut,
        _ => Reservation::Released, // barred too: a constraint keeps other words out
    })
}

fn broken(statement: Statement, index: usize, expected: &'static str) -> Error {
    let column = index.to_string();
    Error::Column { statement: statement.name(), column, expected, found: "a number out of its range" }
}
