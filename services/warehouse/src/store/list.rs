//! Products by their skus.

use chassis::republish;
use contracts::{Sku, warehouse};
use database::{Error, Transaction, params, statements};

use super::rows;
use crate::view;

statements! {
    /// Some products, by sku.
    const PAGE: "SELECT sku FROM products WHERE sku > $1 ORDER BY sku LIMIT $2";
}

/// The products after one, at most `limit`.
///
/// # Errors
/// If the store fails.
pub async fn list(
    tx: &mut Transaction,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<warehouse::Product>, Error> {
    let after = after.map_or("", Sku::as_str);
    let skus: Vec<Sku> = tx.query(PAGE, params![after, limit], |row| row.parse(0)).await?;
    let mut products = Vec::with_capacity(skus.len());
    for sku in skus {
        let found = rows::load(tx, &sku, None).await?;
        products.extend(found.and_then(|product| view::of(sku, &product)));
    }
    Ok(products)
}

/// The documents of the products after one, at most `limit`, to be told again.
///
/// # Errors
/// If the store fails.
pub async fn documents(
    tx: &mut Transaction,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<republish::Document>, Error> {
    let after = after.and_then(|sku| sku.parse().ok());
    let products = list(tx, after.as_ref(), limit).await?;
    products.iter().map(|product| republish::document(&product.sku, product)).collect()
}
