//! The warehouse's reservations, with its own statements.

use std::path::Path;

use database::{Schema, Statement};
use rusqlite::{Connection, params};
use tokio::time::Instant;
use uuid::Uuid;

use super::{MEASURED, open};
use crate::Failure;

/// Reservations per second on bare SQLite: the statements of the warehouse, so many commands in a commit.
pub(crate) fn reservations(path: &Path, skus: &[String], group: usize) -> Result<f64, Failure> {
    let connection = open(path)?;
    let statements = Statements::find()?;
    let (began, mut number) = (Instant::now(), 0_usize);
    while began.elapsed() < MEASURED {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..group.max(1) {
            let sku = skus.get(number % skus.len().max(1)).ok_or("there is no product")?;
            statements.reserve(&connection, sku, Uuid::from_u128(number as u128).as_bytes())?;
            number += 1;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(number as f64 / began.elapsed().as_secs_f64())
}

/// What the warehouse says to its database when it reserves, word for word.
struct Statements {
    load: String,
    load_reservation: String,
    update: String,
    put_reservation: String,
    journal: String,
}

impl Statements {
    fn find() -> Result<Self, Failure> {
        let all = warehouse::store::STATEMENTS.concat();
        let of = |name: &str| {
            let found = all.iter().chain(journal::STATEMENTS).find(|it| it.name().ends_with(name));
            found.map(numbered).ok_or_else(|| Failure::from(format!("the warehouse has no statement {name}")))
        };
        Ok(Self {
            load: of("rows::LOAD")?,
            load_reservation: of("rows::LOAD_RESERVATION")?,
            update: of("rows::UPDATE")?,
            put_reservation: of("rows::PUT_RESERVATION")?,
            journal: of("store::WRITE")?,
        })
    }

    fn reserve(&self, connection: &Connection, sku: &str, order: &[u8]) -> Result<(), Failure> {
        const RECORDS: &str = r#"{"c":{"id":"0199aa00-0000-7000-8000-000000000001","o":{"c":{"n":"PUT /internal/reservations/{order_id}"}}},"e":[{"n":"reserve_stock"},{"n":"product.stock_reserved","v":7}]}"#;
        let row = |row: &rusqlite::Row<'_>| {
            let stock = (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?, row.get::<_, i64>(5)?);
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                stock,
                row.get::<_, i64>(6)?,
            ))
        };
        let (name, price, currency, (received, on_hand, reserved), version) =
            connection.prepare_cached(&self.load)?.query_row(params![sku], row)?;
        connection.prepare_cached(&self.load_reservation)?.exists(params![sku, order])?;
        connection.prepare_cached(&self.update)?.execute(params![
            sku,
            version,
            version + 1,
            name,
            price,
            currency,
            received,
            on_hand,
            reserved + 1
        ])?;
        let now = version;
        connection.prepare_cached(&self.put_reservation)?.execute(params![sku, order, "held", 1, now])?;
        // Nobody shares the warehouse's database, so its journal has no owner's name.
        connection.prepare_cached(&self.journal)?.execute(params![order, now, "", RECORDS])?;
        Ok(())
    }
}

/// SQLite numbers `?1` by its number, `$1` by where it stands first.
fn numbered(statement: &Statement) -> String {
    statement.sql().replace('$', "?")
}

/// What the warehouse keeps in its database.
pub(crate) const SCHEMAS: &[Schema] = warehouse::store::SCHEMAS;

#[cfg(test)]
mod tests {
    use database::{Database, Options};

    use super::*;

    /// The statements are the warehouse's and change with it; what is bound to them stands here.
    #[test]
    fn a_reservation_binds_what_the_warehouses_statements_take() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("warehouse.db");
        drop(Database::open(&path, SCHEMAS, Options::default()).unwrap());
        let connection = open(&path).unwrap();
        let product =
            "INSERT INTO products (sku, version, name, unit_price, currency, received, on_hand, reserved)
            VALUES ('TEA', 1, 'Green tea', 1299, 'EUR', 10, 10, 0)";
        connection.execute_batch(product).unwrap();
        let statements = Statements::find().unwrap();
        statements.reserve(&connection, "TEA", Uuid::from_u128(7).as_bytes()).unwrap();
        let reserved: i64 =
            connection.query_row("SELECT reserved FROM products", [], |row| row.get(0)).unwrap();
        let rows: i64 = connection.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
        assert_eq!((reserved, rows), (1, 1));
    }
}
