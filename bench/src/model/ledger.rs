//! A ledger's rows, read and written.

use std::path::Path;

use rusqlite::{Connection, params, types::ValueRef};

use super::open;
use crate::Failure;

/// Reads every column of every event, in order; tells how many bytes that were.
pub(crate) fn read_all(path: &Path) -> Result<usize, Failure> {
    let connection = open(path)?;
    let mut all = connection.prepare("SELECT * FROM ledger_events ORDER BY position")?;
    sum(all.query([])?)
}

/// Reads what a stream's state is folded from; tells how many bytes that were.
pub(crate) fn read_stream(connection: &Connection, stream: &str) -> Result<usize, Failure> {
    let sql =
        "SELECT version, type, schema_version, data FROM ledger_events WHERE stream = ?1 ORDER BY version";
    sum(connection.prepare_cached(sql)?.query(params![stream])?)
}

fn sum(mut rows: rusqlite::Rows<'_>) -> Result<usize, Failure> {
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        for column in 0..row.as_ref().column_count() {
            bytes += match row.get_ref(column)? {
                ValueRef::Text(text) => text.len(),
                ValueRef::Blob(blob) => blob.len(),
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => size_of::<i64>(),
            };
        }
    }
    Ok(bytes)
}
