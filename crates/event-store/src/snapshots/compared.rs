//! Whether snapshots are what they stand for: for whoever audits a ledger, since a load never looks.

use aggregate::Versioned;
use database::{Error, Transaction};

use crate::repository::{EventSourced, Repository};
use crate::{StreamName, read};

/// What a comparison of some aggregates has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many aggregates were looked at.
    pub aggregates: u64,
    /// How many of them have a snapshot that this program uses.
    pub snapshots: u64,
    /// Those that are another with their snapshot than without.
    pub different: Vec<StreamName>,
    /// The last one, if there may be more behind it.
    pub last: Option<StreamName>,
}

impl<A: EventSourced> Repository<A> {
    /// Folds each aggregate that has a snapshot from that and its tail, and from all its events, and compares them: at most
    /// `limit` aggregates behind the stream of the id `after`, by name. It reads whole streams.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn compare(
        &self,
        tx: &mut Transaction,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Compared, Error> {
        let streams = read::streams(tx, A::NAME, after, limit).await?;
        let mut compared = Compared { aggregates: streams.len() as u64, ..Compared::default() };
        for stream in &streams {
            let Some(snapshot) = self.snapshot(tx, stream, u64::MAX).await? else { continue };
            compared.snapshots += 1;
            let short = self.catch_up(tx, stream, snapshot, u64::MAX).await?;
            let long = self.catch_up(tx, stream, Versioned::default(), u64::MAX).await?;
            if (short.state, short.version) != (long.state, long.version) {
                compared.different.push(stream.clone());
            }
        }
        compared.last = streams.into_iter().nth(limit.saturating_sub(1));
        Ok(compared)
    }
}
