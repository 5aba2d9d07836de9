//! The rows of orders: messages that are written and struck out, and things that are made, found and changed.

use std::{
    path::Path,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::time::Instant;
use uuid::Uuid;

use super::{MEASURED, open};
use crate::Failure;

/// Files of one style, as the goals have them: five services, and the broker or what stands outside.
const FILES: usize = 6;

/// The 87 row operations of one order, as the goals have them: twelve messages, each written to an outbox, a broker and an inbox
/// and struck out of the outbox, and thirteen rows each that are made, found and changed.
pub(crate) const CHANGES: u64 = 74;
pub(crate) const READS: u64 = 13;

/// How many orders a file may be ahead of the one that is behind most: as many as there are clients.
const AHEAD: f64 = 64.0;

/// What is done for an order in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Part {
    /// Transactions.
    pub(crate) transactions: f64,
    /// How many of them, of whichever orders, share a commit.
    pub(crate) group: f64,
    /// Rows that are inserted, updated and deleted.
    pub(crate) changes: f64,
    /// Rows that are found one by one.
    pub(crate) reads: f64,
    /// Rows that are read besides, by one statement of each commit.
    pub(crate) scanned: f64,
}

/// The 87 row operations in six files, in as many transactions of an order, of which so many share a commit.
pub(crate) fn evenly(transactions: f64, group: f64) -> Vec<Part> {
    let of = |all: f64| all / FILES as f64;
    let part = Part {
        transactions: of(transactions),
        group,
        changes: of(CHANGES as f64),
        reads: of(READS as f64),
        scanned: 0.0,
    };
    vec![part; FILES]
}

/// Orders per second whose row operations are done on bare SQLite, each file by a thread of its own.
pub(crate) fn orders(parts: &[Part]) -> Result<f64, Failure> {
    let directory = tempfile::tempdir()?;
    let parts = parts.iter().filter(|part| part.transactions > 0.0);
    let parts: Vec<_> = parts.zip(0..).map(|(part, file)| (file, *part)).collect();
    let pace =
        Pace { done: Mutex::new(vec![0.0; parts.len()]), moved: Condvar::new(), began: Instant::now() };
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .iter()
            .map(|&(file, part)| {
                let (path, pace) = (directory.path().join(format!("{file}.db")), &pace);
                scope.spawn(move || one_file(&path, part, file, pace))
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Failure::from("the model panicked"))?);
        joined.collect::<Result<(), Failure>>()
    })?;
    let took = pace.began.elapsed();
    Ok(least(&pace.done.into_inner().unwrap_or_else(PoisonError::into_inner)) / took.as_secs_f64())
}

/// How many orders each file has done its part of: an order is done when all have.
struct Pace {
    done: Mutex<Vec<f64>>,
    moved: Condvar,
    began: Instant,
}

impl Pace {
    /// A file has done its part of so many orders more, and goes on once it is not too far ahead. Tells whether it is to.
    fn goes_on(&self, file: usize, orders: f64) -> bool {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done[file] += orders;
        self.moved.notify_all();
        while done[file] > least(&done) + AHEAD && self.began.elapsed() < MEASURED {
            let waited = self.moved.wait_timeout(done, Duration::from_millis(50));
            done = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.began.elapsed() < MEASURED
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Does one file's part of orders until the time is over.
fn one_file(path: &Path, part: Part, file: usize, pace: &Pace) -> Result<(), Failure> {
    let connection = open(path)?;
    connection.execute_batch(
        "CREATE TABLE things (id BLOB PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL);
         CREATE TABLE messages (place INTEGER PRIMARY KEY, payload TEXT NOT NULL);",
    )?;
    let orders_per_commit = part.group / part.transactions;
    let mut rows = Rows { connection: &connection, changes: 0, reads: 0 };
    let mut orders = 0.0;
    loop {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        orders += orders_per_commit;
        rows.catch_up(orders * part.changes, orders * part.reads)?;
        rows.scan(orders_per_commit * part.scanned)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        if !pace.goes_on(file, orders_per_commit) {
            return Ok(());
        }
    }
}

/// What has been done in a file.
struct Rows<'a> {
    connection: &'a Connection,
    changes: u64,
    reads: u64,
}

impl Rows<'_> {
    /// Changes and reads rows until so many were, by turns.
    fn catch_up(&mut self, changes: f64, reads: f64) -> Result<(), Failure> {
        let reads_per_change = if changes > 0.0 { reads / changes } else { f64::INFINITY };
        while self.changes as f64 + 1.0 <= changes {
            self.change()?;
            while self.reads as f64 + 1.0 <= self.changes as f64 * reads_per_change {
                self.read()?;
            }
        }
        while self.reads as f64 + 1.0 <= reads {
            self.read()?;
        }
        Ok(())
    }

    /// Reads as many of the latest rows.
    fn scan(&self, rows: f64) -> Result<(), Failure> {
        #[expect(clippy::cast_possible_truncation, reason = "a commit reads some rows")]
        let rows = rows.round() as i64;
        if rows > 0 {
            let sql = "SELECT place, payload FROM messages ORDER BY place DESC LIMIT ?1";
            let mut statement = self.connection.prepare_cached(sql)?;
            let found =
                statement.query_map([rows], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
            found.collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }

    /// Of 74 in turn 36 write a message and 12 strike one out, 13 make a thing and 13 change one.
    fn change(&mut self) -> Result<(), Failure> {
        const STATE: &str = r#"{"customer":"0199aa00-0000-7000-8000-000000000001","status":"APPROVED","total":{"amount":1299,"currency":"EUR"}}"#;
        const PAYLOAD: &str = r#"{"specversion":"1.0","type":"order.placed","source":"/ordering","subject":"0199aa00-0000-7000-8000-000000000001","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":{"order_id":"0199aa00-0000-7000-8000-000000000001","amount":{"amount":1299,"currency":"EUR"}}}"#;
        let (order, nth) = (self.changes / CHANGES, self.changes % CHANGES);
        let run =
            |sql: &str, params: &[&dyn rusqlite::ToSql]| self.connection.prepare_cached(sql)?.execute(params);
        match nth {
            0..=35 => run("INSERT INTO messages (payload) VALUES (?1)", params![PAYLOAD]),
            36..=47 => run("DELETE FROM messages WHERE place = (SELECT min(place) FROM messages)", params![]),
            48..=60 => run(
                "INSERT INTO things (id, version, state) VALUES (?1, 1, ?2)",
                params![id(order, nth - 48), STATE],
            ),
            _ => run(
                "UPDATE things SET version = version + 1, state = ?2 WHERE id = ?1 AND version = 1",
                params![id(order, nth - 61), STATE],
            ),
        }?;
        self.changes += 1;
        Ok(())
    }

    /// Finds one of the things that were made last.
    fn read(&mut self) -> Result<(), Failure> {
        let found = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let wanted = id((self.changes / CHANGES).saturating_sub(1), self.reads % READS);
        let sql = "SELECT version, state FROM things WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row(params![wanted], found).optional()?;
        self.reads += 1;
        Ok(())
    }
}

/// An order's things are near each other and far from those of others, as ids that grow with time are.
fn id(order: u64, nth: u64) -> [u8; 16] {
    Uuid::from_u128(u128::from(order) << 64 | u128::from(nth)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_of_the_goals_has_87_row_operations() {
        let of = |count: fn(&Part) -> f64| evenly(24.0, 8.0).iter().map(count).sum::<f64>();
        assert!((of(|part| part.transactions) - 24.0).abs() < 1e-9);
        assert!((of(|part| part.changes + part.reads) - 87.0).abs() < 1e-9);
    }

    #[test]
    fn as_many_rows_are_changed_and_read_as_were_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("rows.db")).unwrap();
        let tables =
            "CREATE TABLE things (id BLOB PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL);
            CREATE TABLE messages (place INTEGER PRIMARY KEY, payload TEXT NOT NULL);";
        connection.execute_batch(tables).unwrap();
        let mut rows = Rows { connection: &connection, changes: 0, reads: 0 };
        rows.catch_up(148.0, 26.5).unwrap();
        assert_eq!((rows.changes, rows.reads), (148, 26));
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM messages"), 2 * (36 - 12));
        assert_eq!(count("SELECT count(*) FROM things WHERE version = 2"), 2 * 13);
    }

    #[test]
    fn an_order_is_done_when_every_file_has_done_its_part() {
        let pace = Pace { done: Mutex::new(vec![0.0, 60.0]), moved: Condvar::new(), began: Instant::now() };
        assert!(pace.goes_on(1, 4.0), "it is not more than 64 ahead");
        assert_eq!(least(&pace.done.lock().unwrap()), 0.0);
    }
}
