//! What each statement of a connection has done, told in the log when it is closed: what a transaction's rows are, and how long they take.
//! Only with the feature `statements`, since it costs a look at the clock for each.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;

/// The statements of a connection by their names.
#[derive(Debug)]
pub(crate) struct Runs {
    store: String,
    of: BTreeMap<&'static str, Run>,
}

/// What a statement has done so far.
#[derive(Debug, Default)]
struct Run {
    times: u64,
    /// Rows read and changed; one that found none counts as one.
    rows: u64,
    took: Duration,
}

impl Runs {
    pub(crate) fn of(connection: &Connection) -> Self {
        Self { store: connection.path().unwrap_or_default().to_owned(), of: BTreeMap::new() }
    }

    pub(crate) fn count(&mut self, statement: &'static str, rows: u64, took: Duration) {
        let run = self.of.entry(statement).or_default();
        (run.times, run.rows, run.took) = (run.times + 1, run.rows + rows, run.took + took);
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        for (statement, Run { times, rows, took }) in &self.of {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            tracing::info!(store = self.store, statement, times, rows, micros, "a statement's runs");
        }
    }
}
