//! A generation as a whole: its documents, one after the other, and how two generations differ.
//!
//! The documents say everything, since every other column and row is made of one of them.

use std::str::FromStr;

use database::{Error, Row, Transaction, params, statements};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::projection::Kind;

statements! {
    /// Some customers of a generation, by id.
    const CUSTOMERS: "SELECT customer_id, version, document FROM view_customers \
        WHERE generation = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3";
    /// Some orders of a generation, by id.
    const ORDERS: "SELECT order_id, version, document FROM view_orders \
        WHERE generation = $1 AND order_id > $2 ORDER BY order_id LIMIT $3";
    /// Some products of a generation, by sku.
    const PRODUCTS: "SELECT sku, version, document FROM view_products \
        WHERE generation = $1 AND sku > $2 ORDER BY sku LIMIT $3";
    /// How many documents a generation has.
    const SIZE: "SELECT (SELECT COUNT(*) FROM view_customers WHERE generation = $1) \
        + (SELECT COUNT(*) FROM view_orders WHERE generation = $1) \
        + (SELECT COUNT(*) FROM view_products WHERE generation = $1)";
    /// How many documents of one generation another does not have, or has differently, and of the rows made of them.
    const MISSING: "SELECT (SELECT COUNT(*) FROM view_customers a WHERE a.generation = $1 AND NOT EXISTS (\
            SELECT 1 FROM view_customers b WHERE b.generation = $2 AND b.customer_id = a.customer_id \
                AND b.document = a.document)) \
        + (SELECT COUNT(*) FROM view_orders a WHERE a.generation = $1 AND NOT EXISTS (\
            SELECT 1 FROM view_orders b WHERE b.generation = $2 AND b.order_id = a.order_id \
                AND b.document = a.document)) \
        + (SELECT COUNT(*) FROM view_products a WHERE a.generation = $1 AND NOT EXISTS (\
            SELECT 1 FROM view_products b WHERE b.generation = $2 AND b.sku = a.sku AND b.document = a.document)) \
        + (SELECT COUNT(*) FROM view_order_lines a WHERE a.generation = $1 AND NOT EXISTS (\
            SELECT 1 FROM view_order_lines b WHERE b.generation = $2 AND b.sku = a.sku AND b.order_id = a.order_id \
                AND b.quantity = a.quantity AND b.wanted = a.wanted))";
}

/// One document of an export.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// What it is of.
    pub aggregate: &'static str,
    /// Of which one.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// The document, byte for byte as it is kept.
    pub document: Box<RawValue>,
}

/// Where an export goes on: behind this document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    kind: Kind,
    id: String,
}

impl Place {
    /// The beginning.
    #[must_use]
    pub fn first() -> Self {
        Self { kind: Kind::ALL[0], id: String::new() }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, id) = text.split_once('/').ok_or(())?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(())?;
        Ok(Self { kind, id: id.to_owned() })
    }
}

/// The documents of a generation behind a place, at most `limit`, kind by kind in the order of their ids; and where it goes on.
///
/// # Errors
/// If the store fails.
pub async fn page(
    tx: &mut Transaction,
    generation: i64,
    after: &Place,
    limit: u32,
) -> Result<(Vec<Exported>, Option<String>), Error> {
    let mut exported = Vec::new();
    let kinds = Kind::ALL.into_iter().skip_while(|kind| *kind != after.kind);
    for kind in kinds {
        let from = if kind == after.kind { after.id.as_str() } else { "" };
        let left = limit.saturating_sub(u32::try_from(exported.len()).unwrap_or(u32::MAX));
        exported.extend(of_kind(tx, generation, kind, from, left).await?);
    }
    let full = exported.len() == limit as usize;
    let next = exported.last().filter(|_| full).map(|last| format!("{}/{}", last.aggregate, last.id));
    Ok((exported, next))
}

async fn of_kind(
    tx: &mut Transaction,
    generation: i64,
    kind: Kind,
    after: &str,
    limit: u32,
) -> Result<Vec<Exported>, Error> {
    let by_id = |row: &Row<'_>| exported(kind, row.get::<Uuid>(0)?.to_string(), row);
    let uuid = Uuid::try_parse(after).unwrap_or_default();
    match kind {
        Kind::Customer => tx.query(CUSTOMERS, params![generation, uuid, limit], by_id).await,
        Kind::Order => tx.query(ORDERS, params![generation, uuid, limit], by_id).await,
        Kind::Product => {
            let by_sku = |row: &Row<'_>| exported(kind, row.get(0)?, row);
            tx.query(PRODUCTS, params![generation, after, limit], by_sku).await
        }
    }
}

fn exported(kind: Kind, id: String, row: &Row<'_>) -> Result<Exported, Error> {
    Ok(Exported { aggregate: kind.name(), id, version: row.get(1)?, document: row.json(2)? })
}

/// How many documents a generation has.
///
/// # Errors
/// If the store fails.
pub async fn size(tx: &mut Transaction, generation: i64) -> Result<u64, Error> {
    tx.query_one(SIZE, params![generation], |row| row.get(0)).await
}

/// Compares two generations as they are at this moment: how many documents the first has, and how many documents, and rows made
/// of them, only one of both has, or both differently.
///
/// # Errors
/// If the store fails.
pub async fn compare(tx: &mut Transaction, one: i64, other: i64) -> Result<(u64, u64), Error> {
    let mut different = 0;
    for (of, than) in [(one, other), (other, one)] {
        let missing: u64 = tx.query_one(MISSING, params![of, than], |row| row.get(0)).await?;
        different = different.max(missing);
    }
    Ok((size(tx, one).await?, different))
}
