//! Having messages handled, and doing about each failure what there is to do.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use database::{Database, Transaction};
use futures_util::future::{try_join, try_join_all};
use tokio::time::Instant;
use tracing::Instrument;

use super::{Enriched, Error, Options, Outcome};
use crate::Envelope;
use crate::backoff::Backoff;
use crate::inbox::{self, Due, Failure, Journal, Remedy, Scope, Verdict};
use crate::observe::{Fate, Observed, Observer};
use crate::span::Handling;

/// How many messages of one key share a transaction.
const TOGETHER: usize = 32;

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

    /// Has messages handled: those of a key one after the other, different keys at the same time, so that their
    /// transactions share a commit.
    pub(super) async fn handle(&mut self, messages: Vec<Envelope>) -> Result<Outcome, Error> {
        self.begin(&messages).await?;
        self.observed.tell(|observer| {
            messages.iter().for_each(|message| observer.received(&self.scope.topic, message));
        });
        if self.together
            && !messages.is_empty()
            && let Some(outcome) = self.together(&messages, Journal::Silent).await
        {
            return Ok(outcome);
        }
        let mut keys: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
        for message in messages {
            keys.entry(message.partition_key.clone()).or_default().push(message);
        }
        let is_minor = |messages: &[Envelope]| messages.iter().all(|message| self.handler.is_minor(message));
        let (minor, others): (Vec<_>, Vec<_>) = keys.into_values().partition(|messages| is_minor(messages));
        let (mut outcome, others) = try_join(self.minor(minor), self.of_keys(others)).await?;
        outcome.add(others);
        Ok(outcome)
    }

    /// Has those of each key handled at the same time.
    async fn of_keys(&self, keys: Vec<Vec<Envelope>>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        let handled = try_join_all(keys.into_iter().map(|messages| self.of_one_key(messages))).await?;
        handled.into_iter().flatten().for_each(|verdict| outcome.note(verdict));
        Ok(outcome)
    }

    /// Has those of each key handled, all in one transaction if that can be.
    async fn minor(&self, keys: Vec<Vec<Envelope>>) -> Result<Outcome, Error> {
        let messages = keys.concat();
        if messages.is_empty() {
            return Ok(Outcome::default());
        }
        match self.together(&messages, Journal::Noted).await {
            Some(outcome) => Ok(outcome),
            None => self.of_keys(keys).await,
        }
    }

    /// Has all of them handled in one transaction; `None` if that cannot be.
    async fn together(&self, messages: &[Envelope], journal: Journal) -> Option<Outcome> {
        let handling = self.begin_all(messages);
        let (scope, handler, begun) = (self.scope.clone(), Arc::clone(&self.handler), Instant::now());
        let together = Arc::clone(&handling);
        let handled = async {
            let facts = try_join_all(handling.iter().map(|handling| self.enrich(handling))).await?;
            let work = async move |tx: &mut Transaction| {
                let messages = together.iter().map(|handling| &handling.message);
                let messages: Vec<(&Envelope, &H::Facts)> = messages.zip(&facts).collect();
                inbox::handle_together(tx, &scope, &*handler, &messages, journal).await
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

    /// Several messages share a transaction; if one of them fails, each gets its own.
    async fn of_one_key(&self, messages: Vec<Envelope>) -> Result<Vec<Verdict>, Error> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for together in messages.chunks(TOGETHER) {
            let handling = self.begin_all(together);
            match self.attempt(Arc::clone(&handling)).await {
                Ok(handled) => verdicts.extend(handled),
                Err(failure) if together.len() == 1 => verdicts.push(self.park(&handling[0], failure).await?),
                Err(_) => {
                    for alone in together {
                        verdicts.push(self.alone(alone).await?);
                    }
                }
            }
        }
        Ok(verdicts)
    }

    async fn alone(&self, message: &Envelope) -> Result<Verdict, Error> {
        let handling = self.begin_all(std::slice::from_ref(message));
        match self.attempt(Arc::clone(&handling)).await {
            Ok(verdicts) => Ok(verdicts.first().copied().unwrap_or(Verdict::Duplicate)),
            Err(failure) => self.park(&handling[0], failure).await,
        }
    }

    fn begin_all(&self, messages: &[Envelope]) -> Arc<[Handling]> {
        messages.iter().map(|message| Handling::begin(&self.scope, message, 0)).collect()
    }

    async fn attempt(&self, handling: Arc<[Handling]>) -> Result<Vec<Verdict>, Failure> {
        let (scope, handler, begun) = (self.scope.clone(), Arc::clone(&self.handler), Instant::now());
        let messages = Arc::clone(&handling);
        let attempted = async {
            let facts = try_join_all(handling.iter().map(|handling| self.enrich(handling))).await?;
            let work = async move |tx: &mut Transaction| {
                let mut verdicts = Vec::with_capacity(messages.len());
                for (Handling { message, span, .. }, facts) in messages.iter().zip(&facts) {
                    let handled = inbox::handle_delivered(tx, &scope, &*handler, message, facts);
                    verdicts.push(handled.instrument(span.clone()).await?);
                }
                Ok::<_, Failure>(verdicts)
            };
            self.db.write(work).await
        };
        let attempted = attempted.await;
        match &attempted {
            Ok(verdicts) => {
                for (handling, verdict) in handling.iter().zip(verdicts) {
                    handling.end(*verdict);
                    self.tell(&handling.message, verdict.fate(), begun);
                }
            }
            Err(failure) => {
                // Whichever it was that failed, none of those that share its transaction was handled.
                handling.iter().for_each(|handling| handling.failed(failure));
                // Of several, each is tried again by itself.
                if let [only] = &*handling {
                    self.tell(&only.message, Fate::Failed, begun);
                }
            }
        }
        attempted
    }

    /// What the handler has to fetch for a message before the transaction begins.
    async fn enrich(&self, handling: &Handling) -> Result<H::Facts, Failure> {
        let enriched = self.handler.enrich(&handling.message);
        enriched.instrument(handling.span.clone()).await.map_err(Failure::Handler)
    }

    fn tell(&self, message: &Envelope, fate: Fate, begun: Instant) {
        self.observed.tell(|observer| observer.processed(&self.scope.topic, message, fate, begun.elapsed()));
    }

    /// Parks a message that has failed for the first time.
    async fn park(&self, handling: &Handling, failure: Failure) -> Result<Verdict, Error> {
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
    fn remedy(&self, failure: &Failure, failures: u32) -> Result<(String, Option<Backoff>), Error> {
        let noted = failure.remedy().noted(failures, self.attempts, self.backoff);
        noted.map_err(|reason| self.store(reason))
    }

    /// What fails beside a message's handling is the store.
    fn error(&self, failure: Failure) -> Error {
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

    /// Tries parked keys that are due, and tells in how long the next is.
    pub(super) async fn retry(&self) -> Result<(Outcome, Option<Duration>), Error> {
        let scope = self.scope.clone();
        let due = self.db.read(async move |tx| inbox::due(tx, &scope).await).await;
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
        let (scope, key) = (self.scope.clone(), due.key.clone());
        let unblocked = self.db.write(async move |tx| inbox::unblock(tx, &scope, &key).await).await;
        unblocked.map_err(|error| self.error(error))?;
        Ok(outcome)
    }

    async fn sequence(&self, key: &str) -> Result<Vec<Envelope>, Error> {
        let (scope, key) = (self.scope.clone(), key.to_owned());
        let sequence = self.db.read(async move |tx| inbox::sequence(tx, &scope, &key).await).await;
        sequence.map_err(|error| self.error(error))
    }

    async fn retry_one(&self, message: &Envelope, failures: u32) -> Result<Verdict, Failure> {
        let handling = Arc::new(Handling::begin(&self.scope, message, failures.saturating_sub(1)));
        let (scope, handler, begun) = (self.scope.clone(), Arc::clone(&self.handler), Instant::now());
        let tried = Arc::clone(&handling);
        let verdict = async {
            let facts = self.enrich(&handling).await?;
            let work = async move |tx: &mut Transaction| {
                let handled = inbox::handle_parked(tx, &scope, &*handler, &tried.message, &facts);
                handled.instrument(tried.span.clone()).await
            };
            self.db.write(work).await
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
        let scope = self.scope.clone();
        let noted = self
            .db
            .write(async move |tx| inbox::fail_again(tx, &scope, &message, failures, &error, retry).await)
            .await;
        noted.map_err(|error| self.error(error))
    }
}
