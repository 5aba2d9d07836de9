//! Forgets old answers.

use std::time::Duration;

use database::{Database, Error, leases};

use super::{KEPT_FOR, clean};
use crate::{problem::chain, shutdown::Drain};

/// The role in which one of several replicas forgets.
const ROLE: &str = "idempotency/clean";

/// Pause between two rounds.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Rows per transaction, so that a round never holds up commands for long.
const BATCH: u32 = 500;

/// The background part that forgets answers after [`KEPT_FOR`]. Its database needs [`leases::SCHEMA`] too.
#[derive(Clone, Debug)]
pub struct Cleaner {
    database: Database,
    holder: String,
}

impl Cleaner {
    /// `holder` names this run of this replica among those that share the database.
    #[must_use]
    pub fn new(database: Database, holder: impl Into<String>) -> Self {
        Cleaner { database, holder: holder.into() }
    }

    /// Forgets what is due, every ten minutes until `drain`.
    pub async fn run(self, drain: Drain) {
        loop {
            match self.clean_once().await {
                Ok(BATCH..) if !drain.is_requested() => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(reason = chain(&error), "cannot forget old idempotency keys"),
            }
            if !drain.sleep(EVERY).await {
                return;
            }
        }
    }

    /// Forgets one batch, unless another replica holds the role; tells how many rows it was.
    ///
    /// # Errors
    /// The database's.
    pub async fn clean_once(&self) -> Result<u32, Error> {
        let holder = self.holder.clone();
        let cleaned = self.database.write(async move |tx| {
            // Acquiring in the very transaction that writes is the fence.
            if leases::acquire(tx, ROLE, &holder, 2 * EVERY).await?.is_none() {
                return Ok(0);
            }
            let kept_for = i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
            clean(tx, tx.now().saturating_sub(kept_for), BATCH).await
        });
        cleaned.await.map(|rows: u64| u32::try_from(rows).unwrap_or(BATCH))
    }
}
