//! Having messages handled, and doing about each failure what there is to do.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use database::{Database, Transaction};
use futures_util::future::{try_join, try_join_all};
use tokio::time::Instant;
use tracing::Instrument;

use super::sharing::OF_ONE_KEY;
use super::{Enriched, Error, Options, Outcome};
use crate::Envelope;
use crate::backoff::Backoff;
use crate::inbox::{self, Failure, Remedy, Scope, Verdict};
use crate::observe::{Fate, Observed, Observer};
use crate::span::Handling;

/// Handles messages in the service's database.
pub(super) struct Worker<H> {
    db: Database,
    scope: Scope,
    handler: Arc<H>,
    attempts: u32,
    backoff: Backoff,
    observed: Observed,
    together: bool,
    /// The sources and partitions of which it is recorded where this consumer began.
    begun: HashSet<(String, u8)>,
}

impl<H: Enriched> Worker<H> {
    pub(super) fn new(db: Database, scope: Scope, handler: H, options: &Options) -> Self {
        let Options { attempts, backoff, together, .. } = *options;
        let (handler, observed) = (Arc::new(handler), Observed::default());
        Self { db, scope, handler, attempts, backoff, observed, together, begun: HashSet::new() }
    }

    pub(super) fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observed = Observed::by(observer);
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn db(&self) -> &Database {
        &self.db
    }

    pub(super) fn handler(&self) -> Arc<H> {
        Arc::clone(&self.handler)
    }

    /// Has messages handled: those of a key one after the other, different keys at the same time, so that their
    /// transactions share a commit.
    pub(super) async fn handle(&mut self, messages: Vec<Envelope>) -> Result<Outcome, Error> {
        self.begin(&messages).await?;
        self.observed.tell(|observer| {
            messages.iter().for_each(|message| observer.received(&self.scope.topic, message));
        });
        if self.together
            && !messages.is_empty()
            && let Some(outcome) = self.together(&messages).await
        {
            return Ok(outcome);
        }
        let mut keys: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
        for message in messages {
            keys.entry(message.partition_key.clone()).or_default().push(message);
        }
        let (few, many): (Vec<_>, Vec<_>) =
            keys.into_values().partition(|messages| messages.len() <= OF_ONE_KEY);
        let many = try_join_all(many.into_iter().map(|messages| self.in_turn(messages)));
        let (mut outcome, others) = try_join(self.sharing(few), many).await?;
        others.into_iter().for_each(|other| outcome.add(other));
        Ok(outcome)
    }

    /// Has all of them handled in one transaction; `None` if that cannot be.
    async fn together(&self, messages: &[Envelope]) -> Option<Outcome> {
        let handling = self.begin_all(messages);
        let (scope, handler, begun) = (self.scope.clone(), Arc::clone(&self.handler), Instant::now());
        let together = Arc::clone(&handling);
        let handled = async {
            let facts = try_join_all(handling.iter().map(|handling| self.enrich(handling))).await?;
            let work = async move |tx: &mut Transaction| {
                let messages = together.iter().map(|handling| &handling.message);
                let messages: Vec<(&Envelope, &H::Facts)> = messages.zip(&facts).collect();
                inbox::handle_together(tx, &scope, &*handler, &messages).await
            };
            self.db.write(work).await
        };
        // Why it cannot be is found out, and told, when each is handled alone.
        let verdicts = handled.await.ok().flatten()?;
        let mut outcome = Outcome::default();
        for (handling, verdict) in handling.iter().zip(verdicts) {
            handling.end(verdict);
            self.tell(&handling.message, verdict.fate(), begun);
            outcome.note(verdict);
        }
        Some(outcome)
    }

    /// Records where this consumer began in each partition that it sees for the first time since it was made: with the
    /// message that came first, whichever is handled first.
    async fn begin(&mut self, messages: &[Envelope]) -> Result<(), Error> {
        let mut first: BTreeMap<(&str, u8), &Envelope> = BTreeMap::new();
        for message in messages.iter().filter(|message| message.tally.is_some()) {
            first.entry((&message.source, message.partition())).or_insert(message);
        }
        first.retain(|(source, partition), _| !self.begun.contains(&((*source).to_owned(), *partition)));
        if first.is_empty() {
            return Ok(());
        }
        let (keys, firsts): (Vec<_>, Vec<Envelope>) = first
            .into_iter()
            .map(|((source, partition), message)| ((source.to_owned(), partition), message.clone()))
            .unzip();
        let scope = self.scope.clone();
        let begun = self.db.write(async move |tx| inbox::begin(tx, &scope, &firsts).await).await;
        begun.map_err(|failure| self.error(failure))?;
        self.begun.extend(keys);
        Ok(())
    }

    pub(super) fn begin_all(&self, messages: &[Envelope]) -> Arc<[Handling]> {
        messages.iter().map(|message| Handling::begin(&self.scope, message, 0)).collect()
    }

    /// What the handler has to fetch for a message before the transaction begins.
    pub(super) async fn enrich(&self, handling: &Handling) -> Result<H::Facts, Failure> {
        let enriched = self.handler.enrich(&handling.message);
        enriched.instrument(handling.span.clone()).await.map_err(Failure::Handler)
    }

    pub(super) fn tell(&self, message: &Envelope, fate: Fate, begun: Instant) {
        self.observed.tell(|observer| observer.processed(&self.scope.topic, message, fate, begun.elapsed()));
    }

    /// Parks a message that has failed for the first time.
    pub(super) async fn park(&self, handling: &Handling, failure: Failure) -> Result<Verdict, Error> {
        let (error, retry) = self.remedy(&failure, 1)?;
        let (scope, message) = (self.scope.clone(), handling.as_sent());
        handling.span.in_scope(|| {
            tracing::warn!(
                message.id = %message.id, retried = retry.is_some(),
                "`{}` parks a message of `{}`: {error}", scope.consumer, scope.topic,
            );
        });
        let parked =
            self.db.write(async move |tx| inbox::park_first(tx, &scope, &message, &error, retry).await).await;
        parked.map_err(|failure| self.error(failure))
    }

    /// What to note of a message's failure, and whether to try again; or the error to wait for the end of.
    pub(super) fn remedy(
        &self,
        failure: &Failure,
        failures: u32,
    ) -> Result<(String, Option<Backoff>), Error> {
        let noted = failure.remedy().noted(failures, self.attempts, self.backoff);
        noted.map_err(|reason| self.store(reason))
    }

    /// What fails beside a message's handling is the store.
    pub(super) fn error(&self, failure: Failure) -> Error {
        match failure.remedy() {
            Remedy::Wait(reason) | Remedy::Retry(reason) | Remedy::Await(reason) | Remedy::Park(reason) => {
                self.store(reason)
            }
        }
    }

    fn store(&self, reason: String) -> Error {
        let Scope { consumer, topic, .. } = &self.scope;
        Error::Store { consumer: consumer.to_string(), topic: topic.to_string(), reason }
    }
}
