//! Parking without a broker: for who hears of what happens in another way and keeps its own place, such as a subscription to a
//! ledger.
//!
//! What cannot be handled is parked as a consumer parks it, in the transaction that moves the place past it, and what comes later
//! of its key behind it; so it is listed, retried and discarded as all [dead letters](crate::dead_letters) are.

use std::fmt;
use std::pin::pin;

use database::{Database, Transaction, params};
use tokio::time::sleep;
use uuid::Uuid;

use super::work::Worker;
use super::{Enriched, Error, Handle, HandlerError, Options, Outcome};
use crate::Envelope;
use crate::causes::with_causes;
use crate::inbox::{self, Failure, Remedy, Scope, store};

/// What parks messages on behalf of one consumer; clones park for the same.
#[derive(Clone, Debug)]
pub struct Parking {
    scope: Scope,
    options: Options,
    handle: Handle,
}

impl Parking {
    /// Parks what `group` cannot handle of `topic`, which is what it is called in the inbox.
    #[must_use]
    pub fn new(topic: &str, group: &str, options: Options) -> Self {
        let scope = Scope { consumer: group.into(), topic: topic.into(), max_parked: options.max_parked };
        Self { scope, options, handle: Handle::default() }
    }

    /// Whether anything is parked, so that [`behind`](Self::behind) is to be asked: one look into an index.
    ///
    /// # Errors
    /// Those of a statement.
    pub async fn is_used(&self, tx: &mut Transaction) -> Result<bool, database::Error> {
        let scope = params![&*self.scope.consumer, &*self.scope.topic];
        Ok(tx.query_opt(store::ANY_BLOCKED, scope, |_| Ok(())).await?.is_some())
    }

    /// Parks a message if those of its key wait; tells whether they do, so that it is not to be handled now.
    ///
    /// # Errors
    /// Those of a statement, and [`HandlerError::Failed`] if no more may be parked.
    pub async fn behind(&self, tx: &mut Transaction, message: &Envelope) -> Result<bool, HandlerError> {
        inbox::park_behind(tx, &self.scope, message).await.map_err(refused)
    }

    /// Parks a message that has failed, and has it tried again by a [`Parked`] as often as a consumer would.
    ///
    /// # Errors
    /// It is not parked, since it is the store that fails, or no more may be parked: whoever handed it over keeps it.
    pub async fn park(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        failure: &HandlerError,
    ) -> Result<(), HandlerError> {
        let Options { attempts, backoff, .. } = self.options;
        let noted = Remedy::against(failure).noted(1, attempts, backoff);
        let (error, retry) = noted.map_err(|reason| HandlerError::Unavailable(reason.into()))?;
        let Scope { consumer, topic, .. } = &self.scope;
        tracing::warn!(
            message.id = %message.id, retried = retry.is_some(),
            "`{consumer}` parks a message of `{topic}`: {error}",
        );
        inbox::park_first(tx, &self.scope, message, &error, retry).await.map_err(refused)?;
        let handle = self.handle.clone();
        tx.after_commit(move || handle.wake());
        Ok(())
    }
}

fn refused(failure: Failure) -> HandlerError {
    match failure {
        Failure::Handler(error) => error,
        failure @ (Failure::Gap(_) | Failure::NoRoom) => HandlerError::Failed(failure.to_string().into()),
    }
}

/// Has what is parked handled once more when its time has come, each key's in its order.
pub struct Parked<H> {
    worker: Worker<H>,
    handle: Handle,
    options: Options,
}

impl<H: Enriched> Parked<H> {
    /// Has `handler` handle what `parking` has parked in `db`.
    pub fn new(parking: &Parking, handler: H, db: Database) -> Self {
        let Parking { scope, options, handle } = parking.clone();
        Self { worker: Worker::new(db, scope, handler, &options), handle, options }
    }

    /// Tries what is due.
    ///
    /// # Errors
    /// The database failed; what is parked stays so.
    pub async fn retry_once(&mut self) -> Result<Outcome, Error> {
        self.worker.retry().await.map(|(outcome, _)| outcome)
    }

    /// Tries what is due until `drain` completes, and finishes what it has begun.
    pub async fn run(self, drain: impl Future<Output = ()>) {
        let mut drain = pin!(drain);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, self.worker.scope().consumer.as_bytes());
        let mut failures = 0_u32;
        loop {
            let wait = match self.worker.retry().await {
                Ok((_, next)) => {
                    failures = 0;
                    next.unwrap_or(self.options.poll).min(self.options.poll)
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let wait = self.options.backoff.wait(id, failures);
                    tracing::warn!(failures, "what is parked is tried in {wait:?}: {}", with_causes(&error));
                    wait
                }
            };
            tokio::select! {
                biased;
                () = drain.as_mut() => return,
                () = self.handle.woken() => {}
                () = sleep(wait) => {}
            }
        }
    }
}

impl<H> fmt::Debug for Parked<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked").field("options", &self.options).finish_non_exhaustive()
    }
}
