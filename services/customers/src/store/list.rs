//! Customers in the order in which they came.

use chassis::republish;
use contracts::{CustomerId, customers};
use database::{Error, Transaction, params, statements};
use uuid::Uuid;

use super::rows;
use crate::view;

statements! {
    /// Some customers, by id.
    const PAGE: "SELECT customer_id FROM customers WHERE customer_id > $1 ORDER BY customer_id LIMIT $2";
}

/// The customers after one, at most `limit`. Their ids are made in the order of time.
///
/// # Errors
/// If the store fails.
pub async fn list(
    tx: &mut Transaction,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<customers::Customer>, Error> {
    let after = after.map_or(Uuid::nil(), CustomerId::uuid);
    let ids = tx.query(PAGE, params![after, limit], |row| row.get::<Uuid>(0)).await?;
    let mut customers = Vec::with_capacity(ids.len());
    for id in ids.into_iter().map(CustomerId::from) {
        customers.extend(rows::load(tx, id, None).await?.and_then(|customer| view::of(id, &customer)));
    }
    Ok(customers)
}

/// The documents of the customers after one, at most `limit`, to be told again.
///
/// # Errors
/// If the store fails.
pub async fn documents(
    tx: &mut Transaction,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<republish::Document>, Error> {
    let after = after.and_then(|id| id.parse().ok());
    let customers = list(tx, after, limit).await?;
    customers.iter().map(|customer| republish::document(customer.id, customer)).collect()
}
