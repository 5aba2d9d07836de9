//! What this machine could at most: the same rows, files and group sizes on bare SQLite, without anything around it.

use std::{path::Path, thread, time::Duration};

use database::{Schema, Statement};
use rusqlite::{Connection, config::DbConfig, params};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Failure;

/// How long a ceiling is measured in a round.
const MEASURED: Duration = Duration::from_secs(2);

/// Files of one style: five services, and the broker or what stands outside.
pub(crate) const FILES: usize = 6;

/// Row operations of one order: twelve messages, each written to an outbox, a broker and an inbox and struck out of the
/// outbox, and thirteen rows each that are made, found and changed.
pub(crate) const OPERATIONS: usize = 87;

/// A connection as services have it.
fn open(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192;
         PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// How orders are spread over transactions, as it was seen at the system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Transactions of one order.
    pub(crate) transactions: f64,
    /// How many of them share a commit.
    pub(crate) group: f64,
}

/// Orders per second whose row operations are done on bare SQLite, each file by a thread of its own.
pub(crate) fn orders(shape: Shape) -> Result<f64, Failure> {
    let directory = tempfile::tempdir()?;
    let began = Instant::now();
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..FILES)
            .map(|file| {
                let path = directory.path().join(format!("{file}.db"));
                scope.spawn(move || part_of_orders(&path, shape))
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Failure::from("the model panicked"))?);
        joined.collect::<Result<Vec<f64>, Failure>>()
    })?;
    Ok(done.iter().sum::<f64>() / FILES as f64 / began.elapsed().as_secs_f64())
}

/// Does one file's part of orders, and tells of how many.
fn part_of_orders(path: &Path, shape: Shape) -> Result<f64, Failure> {
    let connection = open(path)?;
    connection.execute_batch(
        "CREATE TABLE things (id BLOB PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL);
         CREATE TABLE messages (place INTEGER PRIMARY KEY, payload TEXT NOT NULL);",
    )?;
    let operations_per_commit = OPERATIONS as f64 / shape.transactions * shape.group;
    let orders_per_commit = shape.group / (shape.transactions / FILES as f64);
    let (began, mut next, mut owed, mut orders) = (Instant::now(), 0_u64, 0.0, 0.0);
    while began.elapsed() < MEASURED {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        owed += operations_per_commit;
        while owed >= 1.0 {
            operation(&connection, next)?;
            next += 1;
            owed -= 1.0;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        orders += orders_per_commit;
    }
    Ok(orders)
}

/// The `number`th row operation: of 87 in turn 36 write a message and 12 strike one out, 13 make a row, 13 find and 13 change one.
fn operation(connection: &Connection, number: u64) -> Result<(), Failure> {
    const STATE: &str = r#"{"customer":"0199aa00-0000-7000-8000-000000000001","status":"APPROVED","total":{"amount":1299,"currency":"EUR"}}"#;
    const PAYLOAD: &str = r#"{"specversion":"1.0","type":"order.placed","source":"/ordering","subject":"0199aa00-0000-7000-8000-000000000001","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":{"order_id":"0199aa00-0000-7000-8000-000000000001","amount":{"amount":1299,"currency":"EUR"}}}"#;
    let (order, part) = (number / OPERATIONS as u64, number % OPERATIONS as u64);
    // An order's rows are near each other and far from those of others, as ids that grow with time are.
    let id = |nth: u64| Uuid::from_u128(u128::from(order) << 64 | u128::from(nth)).into_bytes();
    match part {
        0..=35 => {
            let sql = "INSERT INTO messages (payload) VALUES (?1)";
            connection.prepare_cached(sql)?.execute(params![PAYLOAD])?;
        }
        36..=47 => {
            let sql = "DELETE FROM messages WHERE place = (SELECT min(place) FROM messages)";
            connection.prepare_cached(sql)?.execute([])?;
        }
        48..=60 => {
            let sql = "INSERT INTO things (id, version, state) VALUES (?1, 1, ?2)";
            connection.prepare_cached(sql)?.execute(params![id(part - 48), STATE])?;
        }
        61..=73 => {
            let sql = "SELECT version, state FROM things WHERE id = ?1";
            let found = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
            connection.prepare_cached(sql)?.query_row(params![id(part - 61)], found)?;
        }
        _ => {
            let sql = "UPDATE things SET version = version + 1, state = ?2 WHERE id = ?1 AND version = 1";
            connection.prepare_cached(sql)?.execute(params![id(part - 74), STATE])?;
        }
    }
    Ok(())
}

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
        connection.prepare_cached(&self.journal)?.execute(params![order, now, RECORDS])?;
        Ok(())
    }
}

/// SQLite numbers `?1` by its number, `$1` by where it stands first.
fn numbered(statement: &Statement) -> String {
    statement.sql().replace('$', "?")
}

/// What the warehouse keeps in its database.
pub(crate) const SCHEMAS: &[Schema] = warehouse::store::SCHEMAS;
