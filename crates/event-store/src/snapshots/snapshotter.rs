//! Taking snapshots, off the way of whoever loads or saves.

use std::fmt;
use std::pin::pin;

use database::{Database, Transaction};

use super::{MAX_STATE, Wanted, save};
use crate::causes::with_causes;
use crate::repository::{EventSourced, Repository, StreamError};

/// Takes the snapshots that loads of one repository called for.
pub struct Snapshotter<A: EventSourced> {
    db: Database,
    repository: Repository<A>,
    wanted: Wanted,
}

impl<A: EventSourced> Snapshotter<A> {
    pub(crate) fn new(db: Database, repository: Repository<A>, wanted: Wanted) -> Self {
        Self { db, repository, wanted }
    }

    /// Takes them as they are called for, until `drain` completes. What has not been taken by then will be called for
    /// again.
    pub async fn run(self, drain: impl Future<Output = ()>) {
        let mut drain = pin!(drain);
        loop {
            let work = async {
                self.wanted.asked().await;
                loop {
                    match self.take_one().await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => tracing::warn!("a snapshot was not taken: {}", with_causes(&error)),
                    }
                }
            };
            tokio::select! {
                biased;
                () = drain.as_mut() => return,
                () = work => {}
            }
        }
    }

    /// Takes one, if one is called for; tells whether it was. The state is folded in a read, written in a transaction of
    /// its own, and given up if a later one is there by then.
    ///
    /// # Errors
    /// The stream cannot be read, the state has no JSON form, or the database fails. The snapshot will be called for
    /// again.
    pub async fn take_one(&self) -> Result<bool, database::Error> {
        let Some(stream) = self.wanted.next() else { return Ok(false) };
        let (repository, of) = (self.repository.clone(), stream.clone());
        let folded =
            self.db.read(async move |tx: &mut Transaction| repository.fold(tx, &of, u64::MAX).await).await?;
        if folded.tail == 0 {
            return Ok(true);
        }
        let state = serde_json::to_string(&folded.state)
            .map_err(|source| StreamError { stream: stream.clone(), source: source.into() })?;
        if state.len() > MAX_STATE {
            tracing::warn!(%stream, bytes = state.len(), "a state is too large for a snapshot");
            return Ok(true);
        }
        let (version, fingerprint) = (folded.version, Repository::<A>::fingerprint());
        self.db
            .write(async move |tx: &mut Transaction| {
                save(tx, &stream, A::NAME, fingerprint, version, &state).await
            })
            .await?;
        Ok(true)
    }
}

impl<A: EventSourced> fmt::Debug for Snapshotter<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshotter of `{}`", A::NAME)
    }
}
