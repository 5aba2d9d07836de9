//! The event store alone: appends, streams that are read, and everything read from the beginning.

mod appends;
mod replay;
mod streams;

use std::path::Path;

use database::{Database, Options};
use event_store::Ledger;

use crate::{Failure, report::Row};

/// All rows of the store.
pub(crate) async fn rows(rounds: usize) -> Result<Vec<Row>, Failure> {
    let directory = tempfile::tempdir()?;
    let mut rows = appends::rows(directory.path(), rounds).await?;
    rows.extend(streams::rows(directory.path()).await?);
    rows.extend(replay::rows(directory.path(), rounds).await?);
    Ok(rows)
}

fn open(path: &Path) -> Result<Ledger, Failure> {
    Ok(Ledger::new(Database::open(path, choreography::ledger::SCHEMAS, Options::default())?))
}
