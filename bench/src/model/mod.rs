//! What this machine could at most: the same rows, files and group sizes on bare SQLite, without anything around it.

mod ledger;
mod orders;
mod reservations;

use std::{path::Path, time::Duration};

use rusqlite::{Connection, config::DbConfig};

pub(crate) use ledger::{read_all, read_stream};
pub(crate) use orders::{CHANGES, Part, READS, evenly, orders};
pub(crate) use reservations::{SCHEMAS, reservations};

use crate::Failure;

/// How long a ceiling is measured in a round.
const MEASURED: Duration = Duration::from_secs(2);

/// A connection as services have it.
pub(crate) fn open(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192;
         PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
