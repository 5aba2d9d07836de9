//! Having what was received handled: in the order of each key, and in few transactions.
//!
//! Messages are handled as soon as what they need is fetched. Those of which that is so while a transaction is under way share the
//! next one, whatever their keys: many messages need few commits, and none waits for what is fetched for another key. If one of
//! them fails, those of each key get a transaction of their own; if that fails, each message does.

use std::mem::replace;
use std::pin::pin;
use std::slice;
use std::sync::Arc;

use database::Transaction;
use futures_util::future::{FusedFuture, FutureExt, try_join_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;
use tracing::Instrument;

use super::work::Worker;
use super::{Enriched, Error, Outcome};
use crate::Envelope;
use crate::inbox::{self, Failure, Verdict};
use crate::observe::Fate;
use crate::span::Handling;

/// How many messages of one key share a transaction.
pub(super) const OF_ONE_KEY: usize = 32;

/// Of how many keys messages share a transaction, so that those of others come between.
const KEYS: usize = 64;

/// Messages of one key in their order, with what was fetched for each.
struct Sequence<F> {
    handling: Arc<[Handling]>,
    facts: Arc<[F]>,
    begun: Instant,
}

/// Messages of one key that could not be handled.
struct Failed {
    handling: Arc<[Handling]>,
    begun: Instant,
    why: Failure,
}

type Fetched<F> = Result<Sequence<F>, Failed>;

impl<H: Enriched> Worker<H> {
    /// Has the messages of some keys handled.
    pub(super) async fn sharing(&self, keys: Vec<Vec<Envelope>>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        let fetching: FuturesUnordered<_> = keys.iter().map(|messages| self.fetch(messages)).collect();
        let mut fetching = fetching.ready_chunks(KEYS);
        let mut fetched = Vec::new();
        let mut handling = pin!(self.share(Vec::new()).fuse());
        loop {
            tokio::select! {
                biased;
                Some(more) = fetching.next() => fetched.extend(more),
                handled = &mut handling, if !handling.is_terminated() => outcome.add(handled?),
                else => return Ok(outcome),
            }
            if handling.is_terminated() && !fetched.is_empty() {
                let later = fetched.split_off(fetched.len().min(KEYS));
                handling.set(self.share(replace(&mut fetched, later)).fuse());
            }
        }
    }

    /// Has many messages of one key handled.
    pub(super) async fn in_turn(&self, messages: Vec<Envelope>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for some in messages.chunks(OF_ONE_KEY) {
            let verdicts = self.of_one_key(self.fetch(some).await).await?;
            verdicts.into_iter().for_each(|verdict| outcome.note(verdict));
        }
        Ok(outcome)
    }

    /// Has messages of some keys handled in one transaction, or those of each key in one of its own.
    async fn share(&self, keys: Vec<Fetched<H::Facts>>) -> Result<Outcome, Error> {
        let ready: Vec<_> = keys.iter().flatten().cloned().collect();
        let shared = if ready.len() > 1 { self.attempt(&ready).await.ok() } else { None };
        let left = keys.into_iter().filter(|fetched| shared.is_none() || fetched.is_err());
        let others = try_join_all(left.map(|fetched| self.of_one_key(fetched))).await?;
        let mut outcome = Outcome::default();
        let verdicts = shared.into_iter().chain(others).flatten();
        verdicts.for_each(|verdict| outcome.note(verdict));
        Ok(outcome)
    }

    /// Has messages of one key handled in one transaction, or each in its own; what fails then is parked.
    async fn of_one_key(&self, fetched: Fetched<H::Facts>) -> Result<Vec<Verdict>, Error> {
        let failed = match self.attempt_or_tell(fetched).await {
            Ok(verdicts) => return Ok(verdicts),
            Err(failed) => failed,
        };
        if let [only] = &*failed.handling {
            return Ok(vec![self.park(only, failed.why).await?]);
        }
        let mut verdicts = Vec::with_capacity(failed.handling.len());
        for alone in &*failed.handling {
            let fetched = self.fetch(slice::from_ref(&alone.as_sent())).await;
            match self.attempt_or_tell(fetched).await {
                Ok(handled) => verdicts.extend(handled),
                Err(Failed { handling, why, .. }) => verdicts.push(self.park(&handling[0], why).await?),
            }
        }
        Ok(verdicts)
    }

    /// Fetches what the handler needs for messages of one key before their transaction begins.
    async fn fetch(&self, messages: &[Envelope]) -> Fetched<H::Facts> {
        let (handling, begun) = (self.begin_all(messages), Instant::now());
        match try_join_all(handling.iter().map(|handling| self.enrich(handling))).await {
            Ok(facts) => Ok(Sequence { handling, facts: facts.into(), begun }),
            Err(why) => Err(Failed { handling, begun, why }),
        }
    }

    async fn attempt_or_tell(&self, fetched: Fetched<H::Facts>) -> Result<Vec<Verdict>, Failed> {
        let attempted = async {
            let sequence = fetched?;
            let attempted = self.attempt(slice::from_ref(&sequence)).await;
            let Sequence { handling, begun, .. } = sequence;
            attempted.map_err(|why| Failed { handling, begun, why })
        };
        attempted.await.inspect_err(|Failed { handling, begun, why }| {
            // Whichever it was that failed, none of those that share its transaction was handled.
            handling.iter().for_each(|handling| handling.failed(why));
            // Of several, each is tried again by itself.
            if let [only] = &**handling {
                self.tell(&only.message, Fate::Failed, *begun);
            }
        })
    }

    /// Has messages handled in one transaction: all of them, or none.
    async fn attempt(&self, sequences: &[Sequence<H::Facts>]) -> Result<Vec<Verdict>, Failure> {
        let (scope, handler, shared) = (self.scope().clone(), self.handler(), sequences.to_vec());
        let work = async move |tx: &mut Transaction| {
            let mut verdicts = Vec::new();
            for (Handling { message, span, .. }, facts) in shared.iter().flat_map(Sequence::each) {
                let handled = inbox::handle_delivered(tx, &scope, &*handler, message, facts);
                verdicts.push(handled.instrument(span.clone()).await?);
            }
            Ok::<_, Failure>(verdicts)
        };
        let verdicts = self.db().write(work).await?;
        let mut each = verdicts.iter();
        for sequence in sequences {
            for (handling, verdict) in sequence.handling.iter().zip(&mut each) {
                handling.end(*verdict);
                self.tell(&handling.message, verdict.fate(), sequence.begun);
            }
        }
        Ok(verdicts)
    }
}

impl<F> Sequence<F> {
    fn each(&self) -> impl Iterator<Item = (&Handling, &F)> {
        self.handling.iter().zip(&*self.facts)
    }
}

/// Shares the messages, whether what was fetched can be copied or not.
impl<F> Clone for Sequence<F> {
    fn clone(&self) -> Self {
        Self { handling: Arc::clone(&self.handling), facts: Arc::clone(&self.facts), begun: self.begun }
    }
}
