//! Opening connections to a SQLite file.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::Error;

/// "SwYd" in the header of the file, so that another program's database is not migrated by mistake.
const APPLICATION_ID: i32 = 0x5377_5964;

/// How long a connection waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than the statements of a service, so that each is prepared once per connection.
const CACHED_STATEMENTS: usize = 512;

/// FULL syncs the log on every commit: without it a power cut loses commits that were answered. No memory
/// map: with one, a failing disk kills the process (SIGBUS) instead of failing a statement.
const PRAGMAS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -8192;
";

/// A checkpoint costs two syncs: at 4000 pages (16 MiB) it is rarer than at SQLite's 1000. The log begins anew only when
/// no reader holds it, so that it grows beyond that while many read; then it is cut to 64 MiB.
const WRITER_PRAGMAS: &str = "
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
";

pub(crate) fn writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection, Error> {
    let opening = |source: rusqlite::Error| Error::Open { path: path.to_owned(), source: source.into() };
    let connection = open(path, OpenFlags::SQLITE_OPEN_CREATE).map_err(opening)?;
    take_turns(&connection, || claim(&connection, path))?;
    connection.execute_batch(WRITER_PRAGMAS).map_err(opening)?;
    if let Some(bytes) = max_bytes {
        limit(&connection, bytes).map_err(opening)?;
    }
    Ok(connection)
}

pub(crate) fn reader(path: &Path) -> Result<Connection, Error> {
    let opening = |source: rusqlite::Error| Error::Open { path: path.to_owned(), source: source.into() };
    let connection = open(path, OpenFlags::empty()).map_err(opening)?;
    connection.pragma_update(None, "query_only", true).map_err(opening)?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(PRAGMAS)?;
    // Without this a plan may depend on the value of a parameter, and SQLite prepares most statements anew whenever one
    // is bound: a fifth of all time went there.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Tries again while another process that opens or closes the file keeps it locked: there SQLite may refuse
/// at once, for fear of two that wait for each other.
fn take_turns(connection: &Connection, claim: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
    const PAUSE: Duration = Duration::from_millis(10);
    let opening = |source: rusqlite::Error| Error::Begin(source.into());
    connection.busy_timeout(Duration::ZERO).map_err(opening)?;
    let mut claimed = claim();
    for _ in 0..BUSY_TIMEOUT.as_millis() / PAUSE.as_millis() {
        match &claimed {
            Err(error) if error.is_busy() => std::thread::sleep(PAUSE),
            _ => break,
        }
        claimed = claim();
    }
    connection.busy_timeout(BUSY_TIMEOUT).map_err(opening)?;
    claimed
}

/// Puts our mark into an empty file and turns its log on; refuses a file with another mark, or with tables
/// but no mark.
fn claim(connection: &Connection, path: &Path) -> Result<(), Error> {
    let opening = |source: rusqlite::Error| Error::Open { path: path.to_owned(), source: source.into() };
    // In this order: a process that starts at the same time makes its mark before its tables.
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(opening)?;
    let mark = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(opening)?;
    match (mark, tables) {
        (APPLICATION_ID, _) => {}
        (0, 0) => connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(opening)?,
        _ => return Err(Error::Foreign { path: path.to_owned(), application_id: mark }),
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(opening)
}

fn limit(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes / u64::from(page)).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus::RePrepare;

    use super::*;

    #[test]
    fn a_statement_is_prepared_once_whatever_is_bound() {
        let directory = tempfile::tempdir().unwrap();
        let connection = writer(&directory.path().join("store.db"), None).unwrap();
        connection
            .execute_batch("CREATE TABLE lines (id BIGINT, place BIGINT, name TEXT, PRIMARY KEY (id, place))")
            .unwrap();
        // An equality beside a limit: both are what SQLite would look at the values of.
        let find = "SELECT name FROM lines WHERE id = ?1 AND name = ?2 ORDER BY place LIMIT ?3";
        for (id, name, limit) in [(1, "one", 10), (0, "two", 1), (7_000, "three", 100)] {
            let mut statement = connection.prepare_cached(find).unwrap();
            assert!(!statement.exists((id, name, limit)).unwrap());
            assert_eq!(statement.get_status(RePrepare), 0);
        }
    }
}
