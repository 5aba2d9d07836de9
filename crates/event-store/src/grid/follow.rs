//! Following the ledger on behalf of memory, and telling how far behind that is.

use std::pin::pin;
use std::time::Duration;

use database::{Error, Transaction};
use tokio::time::sleep;

use super::Grid;
use crate::causes::with_causes;
use crate::{EventSourced, Filter, Log as _, Recorded, read};

/// How many events are taken in at a time.
const PAGE: usize = 1_024;

/// How far an instance has followed the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Up to here memory has taken in whatever is about what it has.
    pub position: u64,
    /// The end of the ledger when it last looked.
    pub settled: u64,
}

/// How far an instance's memory is behind the ledger. What is read in a transaction is not: see [`Grid`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// How many positions lie between what memory has taken in and the end of the ledger.
    pub events: u64,
    /// How long ago the first of them was recorded; zero if there is none.
    pub time: Duration,
}

impl<A: EventSourced> Grid<A> {
    /// Follows the ledger until `drain` completes: takes in what other instances append, at its pace. Whoever cannot wait for
    /// that reads in a transaction.
    ///
    /// Dropping it at any await loses nothing but time: a load finds the tail.
    pub async fn follow(self, drain: impl Future<Output = ()>) {
        let mut drain = pin!(drain);
        loop {
            let look = async {
                loop {
                    match self.follow_once().await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            tracing::warn!("memory falls behind the ledger: {}", with_causes(&error));
                            break;
                        }
                    }
                }
                sleep(self.0.options.pace).await;
            };
            tokio::select! {
                biased;
                () = drain.as_mut() => return,
                () = look => {}
            }
        }
    }

    /// Takes in one page of what was appended since the last; tells whether there is more. The first begins at the end:
    /// what is loaded later is loaded as it is then.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn follow_once(&self) -> Result<bool, Error> {
        let settled = self.0.ledger.settled().await?;
        let before = *self.0.followed.borrow();
        let Some(before) = before else {
            self.0.followed.send_replace(Some(Followed { position: settled, settled }));
            return Ok(false);
        };
        let filter = Filter::default().categories(&[A::NAME]).unwrap_or_default();
        let page = self.0.ledger.read(before.position, settled, &filter, PAGE).await?;
        page.events.iter().for_each(|event| self.take_in(event));
        self.0.followed.send_replace(Some(Followed { position: page.scanned, settled }));
        Ok(page.scanned < settled)
    }

    /// How far this instance had followed the ledger when it last looked.
    #[must_use]
    pub fn followed(&self) -> Followed {
        self.0.followed.borrow().unwrap_or_default()
    }

    /// How far memory is behind the ledger now: one look.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn behind(&self) -> Result<Behind, Error> {
        let grid = self.clone();
        self.0.ledger.database().read(async move |tx| grid.behind_in(tx).await).await
    }

    /// How far memory is behind the ledger as a transaction sees it. One that has never followed is behind by all there is.
    ///
    /// # Errors
    /// Those of a statement.
    pub async fn behind_in(&self, tx: &mut Transaction) -> Result<Behind, Error> {
        let position = self.followed().position;
        let (last, since) = read::beyond(tx, position).await?;
        let time = since.map_or(0, |since| tx.now().saturating_sub(since).max(0).unsigned_abs());
        Ok(Behind { events: last.saturating_sub(position), time: Duration::from_micros(time) })
    }

    /// Waits until memory has taken in everything up to this position. Cancel safe; never returns unless somebody
    /// follows.
    pub async fn reached(&self, position: u64) {
        let there = |followed: &Option<Followed>| followed.is_some_and(|it| it.position >= position);
        // The sender is in `self`: it is there for as long as this waits.
        let _ = self.0.followed.subscribe().wait_for(there).await;
    }

    fn take_in(&self, recorded: &Recorded) {
        let known = self.memory().version(&recorded.stream);
        if known.is_none_or(|known| known + 1 != recorded.version) {
            return; // not in memory, or there by what this instance did itself
        }
        match self.0.repository.read(recorded) {
            Ok(event) => {
                // Whoever appended it asks for snapshots.
                self.memory().advance(&recorded.stream, recorded.version - 1, &[event], None);
            }
            Err(error) => {
                let error = with_causes(&error);
                tracing::warn!(stream = %recorded.stream, "memory passes over an event: {error}");
            }
        }
    }
}
