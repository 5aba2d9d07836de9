//! A connection that only reads.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

use crate::clock::StoreClock;
use crate::stats::Counters;
use crate::work::{Ran, Work};
use crate::{Error, Transaction, connection};

/// A connection that only reads, opened by the first work.
pub(crate) struct Reader {
    path: PathBuf,
    clock: Arc<StoreClock>,
    counters: Arc<Counters>,
    tx: Option<Transaction>,
}

impl Reader {
    pub(crate) fn new(path: PathBuf, clock: Arc<StoreClock>, counters: Arc<Counters>) -> Self {
        Self { path, clock, counters, tx: None }
    }

    /// Runs a work on one snapshot. Its caller has not been answered yet.
    pub(crate) fn run(&mut self, mut work: Box<dyn Work>) -> Ran {
        self.counters.count_read();
        let counters = Arc::clone(&self.counters);
        match self.snapshot() {
            Ok(tx) => {
                let ok = work.run(tx);
                end(tx.connection());
                counters.count_touched(tx.take_touched());
                Ran::new(work, ok, tx)
            }
            Err(error) => Ran::failed(work, error),
        }
    }

    fn snapshot(&mut self) -> Result<&mut Transaction, Error> {
        let now = self.clock.now();
        let tx = match self.tx.take() {
            Some(tx) => tx,
            None => Transaction::sqlite(connection::reader(&self.path)?),
        };
        let tx = self.tx.insert(tx);
        tx.restart(now);
        tx.connection()
            .prepare_cached("BEGIN DEFERRED")
            .and_then(|mut begin| begin.execute([]))
            .map_err(|error| Error::Begin(error.into()))?;
        Ok(tx)
    }
}

/// An error means that there is no transaction any more, or that the next BEGIN will tell.
fn end(connection: &Connection) {
    let _ = connection.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([]));
}
