//! Trying again what is parked.

use std::sync::Arc;
use std::time::Duration;

use database::Transaction;
use futures_util::future::try_join_all;
use tokio::time::Instant;
use tracing::Instrument;

use super::work::Worker;
use super::{Enriched, Error, Outcome};
use crate::Envelope;
use crate::inbox::{self, Due, Failure, Verdict};
use crate::observe::Fate;
use crate::span::Handling;

impl<H: Enriched> Worker<H> {
    /// Tries parked keys that are due, and tells in how long the next is.
    pub(super) async fn retry(&self) -> Result<(Outcome, Option<Duration>), Error> {
        let scope = self.scope().clone();
        let due = self.db().read(async move |tx| inbox::due(tx, &scope).await).await;
        let (keys, next) = due.map_err(|error| self.error(error))?;
        let mut outcome = Outcome::default();
        for tried in try_join_all(keys.iter().map(|due| self.retry_key(due))).await? {
            outcome.add(tried);
        }
        Ok((outcome, next.map(Duration::from_micros)))
    }

    /// Handles what is parked of a key, in its order, up to the first message that fails.
    async fn retry_key(&self, due: &Due) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        loop {
            let sequence = self.sequence(&due.key).await?;
            if sequence.is_empty() {
                break;
            }
            for message in sequence {
                // The first attempts may have failed on a message before this one.
                let failures = if outcome == Outcome::default() { due.failures.saturating_add(1) } else { 1 };
                match self.retry_one(&message, failures).await {
                    Ok(verdict) => outcome.note(verdict),
                    Err(failure) => {
                        self.fail_again(message, failure, failures).await?;
                        return Ok(outcome);
                    }
                }
            }
        }
        // Does nothing if another message was parked meanwhile; the key is due again then.
        let (scope, key) = (self.scope().clone(), due.key.clone());
        let unblocked = self.db().write(async move |tx| inbox::unblock(tx, &scope, &key).await).await;
        unblocked.map_err(|error| self.error(error))?;
        Ok(outcome)
    }

    async fn sequence(&self, key: &str) -> Result<Vec<Envelope>, Error> {
        let (scope, key) = (self.scope().clone(), key.to_owned());
        let sequence = self.db().read(async move |tx| inbox::sequence(tx, &scope, &key).await).await;
        sequence.map_err(|error| self.error(error))
    }

    async fn retry_one(&self, message: &Envelope, failures: u32) -> Result<Verdict, Failure> {
        let handling = Arc::new(Handling::begin(self.scope(), message, failures.saturating_sub(1)));
        let (scope, handler, begun) = (self.scope().clone(), self.handler(), Instant::now());
        let tried = Arc::clone(&handling);
        let verdict = async {
            let facts = self.enrich(&handling).await?;
            let work = async move |tx: &mut Transaction| {
                let handled = inbox::handle_parked(tx, &scope, &*handler, &tried.message, &facts);
                handled.instrument(tried.span.clone()).await
            };
            self.db().write(work).await
        };
        let verdict = verdict.await;
        match &verdict {
            Ok(verdict) => handling.end(*verdict),
            Err(failure) => handling.failed(failure),
        }
        let fate = verdict.as_ref().map_or(Fate::Failed, |verdict| verdict.fate());
        self.tell(&handling.message, fate, begun);
        verdict
    }

    async fn fail_again(&self, message: Envelope, failure: Failure, failures: u32) -> Result<(), Error> {
        let (error, retry) = self.remedy(&failure, failures)?;
        let scope = self.scope().clone();
        let noted = self
            .db()
            .write(async move |tx| inbox::fail_again(tx, &scope, &message, failures, &error, retry).await)
            .await;
        noted.map_err(|error| self.error(error))
    }
}
