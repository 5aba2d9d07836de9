//! Single commits under SQLite's own settings.

use std::path::Path;

use rusqlite::Connection;

use crate::child::{Child, argument, say, wait};

#[test]
fn a_commit_is_lost_whose_log_is_not_synced() {
    assert_eq!(rows_after_the_kill("wal", "off"), 0);
    assert_eq!(rows_after_the_kill("wal", "normal"), 0);
}

#[test]
fn a_commit_is_kept_whose_log_is_synced() {
    assert_eq!(rows_after_the_kill("wal", "full"), 1);
}

#[test]
fn so_it_is_with_a_journal_instead_of_a_log() {
    assert_eq!(rows_after_the_kill("delete", "off"), 0);
    assert_eq!(rows_after_the_kill("delete", "full"), 1);
    assert_eq!(rows_after_the_kill("truncate", "full"), 1);
}

#[test]
fn an_orderly_end_loses_what_was_not_synced_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = with_a_table(directory.path());
    let mut child = Child::start("commit wal off and end", &file);
    while child.hear().is_some() {}
    assert_eq!(rows(&file), 0);
}

/// How many of one row are left when the process is killed after its commit.
fn rows_after_the_kill(journal_mode: &str, synchronous: &str) -> i64 {
    let directory = tempfile::tempdir().unwrap();
    let file = with_a_table(directory.path());
    let mut child = Child::start(&format!("commit {journal_mode} {synchronous}"), &file);
    assert_eq!(child.hear().as_deref(), Some("committed"));
    child.kill();
    rows(&file)
}

fn with_a_table(directory: &Path) -> std::path::PathBuf {
    let file = directory.join("test.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE notes (note TEXT)").unwrap();
    file
}

fn rows(file: &Path) -> i64 {
    let connection = Connection::open(file).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    count(&connection)
}

fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap()
}

/// Commits a row, which everybody in its process sees.
pub(crate) fn child(file: &Path) {
    let argument = argument();
    let [journal_mode, synchronous, end @ ..] = &*argument.split(' ').collect::<Vec<_>>() else { panic!() };
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
    connection.execute("INSERT INTO notes VALUES ('kept?')", []).unwrap();

    let other = Connection::open(file).unwrap();
    assert_eq!(count(&other), 1);
    if end.is_empty() {
        say("committed");
        wait();
    }
    drop(other);
    connection.close().unwrap();
    assert_eq!(count(&Connection::open(file).unwrap()), 1, "it is there as long as the process is");
}
