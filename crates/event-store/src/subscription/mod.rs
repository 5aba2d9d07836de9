//! Following the ledger: every event once, in order, beginning with the oldest.
//!
//! A subscription divides the 256 virtual partitions into segments. Each has a checkpoint in the consumer's own database,
//! which moves in the transaction in which the consumer handles what it passes; and a lease there, so that of several
//! instances each follows some of the segments. Who has lost a lease cannot move the checkpoint any more.
//!
//! ```text
//! nobody's => held       by an instance that holds fewer than its share
//! held     => nobody's   it holds more than its share, drains, or lets the lease run out
//! held     => waiting    a handler failed; tried again with growing intervals, one event at a time, unless it sets that aside
//! waiting  => held       it did not fail again
//! ```

mod balance;
mod handler;
mod lag;
mod options;
mod segment;
pub mod store;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use database::Database;
use futures_util::future::{join_all, pending};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

pub use handler::{Handler, HandlerError};
pub use lag::{Lag, Progress, SegmentStatus, Status, forget, lag, position};
pub use options::{Error, Options, Outcome};
pub use store::SCHEMA;

use crate::Recorded;
use crate::causes::with_causes;
use crate::log::{Filter, Log, Page, Partitions};
use balance::Group;
use segment::{Failure, Segment};

/// Follows a log on behalf of one consumer.
pub struct Subscription<H> {
    log: Arc<dyn Log>,
    db: Database,
    handler: Arc<H>,
    filter: Filter,
    group: Group,
    options: Options,
    held: BTreeMap<u16, Segment>,
    balance_at: Option<Instant>,
    settled: u64,
    status: watch::Sender<Status>,
}

impl<H: Handler> Subscription<H> {
    /// Has `handler` handle what the filter lets through, as the subscription `name`. `db` is the database in which the
    /// effects are, which may be the ledger's own; its schemas include [`SCHEMA`] and that of [`database::leases`].
    pub fn new(
        name: &str,
        log: Arc<dyn Log>,
        db: Database,
        filter: Filter,
        handler: H,
        options: Options,
    ) -> Self {
        let group = Group::new(name, &options);
        let status = watch::Sender::new(Status::default());
        let (handler, held) = (Arc::new(handler), BTreeMap::new());
        Self { log, db, handler, filter, group, options, held, balance_at: None, settled: 0, status }
    }

    /// How far this instance is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress::new(self.status.subscribe())
    }

    /// Follows the log until `drain` completes, finishes what it has begun, and leaves its segments to others.
    ///
    /// Dropping it at any await loses nothing: what was handed to the database is committed with its checkpoint or not at
    /// all, and others take over when the leases have run out.
    pub async fn run(mut self, drain: impl Future<Output = ()>) {
        let mut drain = pin!(drain);
        let mut changes = self.log.changes();
        let mut failures = 0_u32;
        loop {
            changes.catch_up();
            let wait = match self.step().await {
                Ok(outcome) => {
                    failures = 0;
                    if outcome.more { Duration::ZERO } else { self.rest() }
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let wait = self.options.wait(failures);
                    tracing::warn!(
                        failures,
                        "a subscription tries again in {wait:?}: {}",
                        with_causes(&error)
                    );
                    wait
                }
            };
            let woken = async {
                if failures > 0 {
                    return pending().await;
                }
                changes.changed().await;
            };
            tokio::select! {
                biased;
                () = drain.as_mut() => break,
                () = woken => {}
                () = sleep(wait) => {}
            }
        }
        self.leave().await;
    }

    /// Takes its share of the segments, if it is time to, then has one batch of each handled.
    ///
    /// # Errors
    /// If the log or the consumer's database fails. That a handler failed is no error of the subscription: its segment
    /// waits.
    pub async fn step(&mut self) -> Result<Outcome, Error> {
        self.balance().await?;
        let mut outcome = Outcome::default();
        let now = Instant::now();
        let ready: Vec<u16> = self
            .held
            .iter()
            .filter(|(_, it)| it.waits_until.is_none_or(|at| at <= now))
            .map(|(n, _)| *n)
            .collect();
        if !ready.is_empty() {
            // Before what is read up to there: see `Log`.
            self.settled =
                self.log.settled().await.map_err(|source| self.log_error(source))?.max(self.settled);
        }
        for (after, alone, segments) in self.together(ready) {
            if after >= self.settled {
                continue;
            }
            let page = self.read(after, alone, &segments).await?;
            outcome.more |= page.scanned < self.settled;
            self.handle(page, &segments, &mut outcome).await;
        }
        self.tell();
        Ok(outcome)
    }

    /// Gives the segments up to others at once.
    pub async fn leave(self) {
        let (group, held) = (self.group.clone(), self.held);
        if let Err(error) = group.leave(&self.db, held).await {
            tracing::debug!("the leases of a subscription end by themselves: {}", with_causes(&error));
        }
    }

    async fn balance(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        if self.balance_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.group.balance(&self.db, &mut self.held).await?;
        self.balance_at = Some(now + self.options.lease / 3);
        Ok(())
    }

    /// The segments that are at the same place read together; one whose handler failed reads alone, so that it takes
    /// single events.
    fn together(&self, ready: Vec<u16>) -> Vec<(u64, bool, Vec<u16>)> {
        let mut places: BTreeMap<(u64, Option<u16>), Vec<u16>> = BTreeMap::new();
        for number in ready {
            let Some(segment) = self.held.get(&number) else { continue };
            let alone = (segment.careful > 0).then_some(number);
            places.entry((segment.position, alone)).or_default().push(number);
        }
        places.into_iter().map(|((after, alone), segments)| (after, alone.is_some(), segments)).collect()
    }

    async fn read(&self, after: u64, alone: bool, segments: &[u16]) -> Result<Page, Error> {
        let of = |&segment: &u16| Partitions::of_segment(segment, self.group.segments());
        let partitions = segments.iter().map(of).fold(Partitions::NONE, Partitions::union);
        let filter = self.filter.clone().within(partitions);
        let limit = if alone { 1 } else { self.options.batch.max(1) };
        let page = self.log.read(after, self.settled, &filter, limit).await;
        page.map_err(|source| self.log_error(source))
    }

    /// Each segment handles what is its own in a transaction of its own; they share commits.
    async fn handle(&mut self, page: Page, segments: &[u16], outcome: &mut Outcome) {
        let mut events: BTreeMap<u16, Vec<_>> = BTreeMap::new();
        for event in page.events {
            let segment = crate::log::segment_of(event.stream.partition(), self.group.segments());
            events.entry(segment).or_default().push(event);
        }
        let mut works = Vec::with_capacity(events.len());
        for &number in segments {
            let Some(segment) = self.held.get_mut(&number) else { continue };
            match events.remove(&number) {
                None => segment.position = segment.position.max(page.scanned),
                Some(events) => {
                    let work =
                        segment.handle(&self.db, &self.group, number, &self.handler, events, page.scanned);
                    works.push(async move { (number, work.await) });
                }
            }
        }
        for (number, result) in join_all(works).await {
            let Some(segment) = self.held.get_mut(&number) else { continue };
            match result {
                Ok(count) => {
                    segment.succeeded(count, page.scanned);
                    outcome.handled += count;
                }
                Err((Failure::Lost(error), _)) => self.lost(number, &error),
                Err((Failure::Handler(error), events)) => {
                    self.set_aside_or_wait(number, error, &events, outcome).await;
                }
            }
        }
    }

    /// One event that fails may be set aside; several are taken singly, after a while.
    async fn set_aside_or_wait(
        &mut self,
        number: u16,
        error: HandlerError,
        events: &[Recorded],
        outcome: &mut Outcome,
    ) {
        let (Some(segment), error) = (self.held.get_mut(&number), Arc::new(error)) else { return };
        if let [event] = events {
            let aside =
                segment.set_aside(&self.db, &self.group, number, &self.handler, (event, &error)).await;
            match aside {
                Ok(()) => {
                    segment.succeeded(1, event.position);
                    outcome.set_aside += 1;
                    outcome.more = true;
                    return;
                }
                Err(Failure::Lost(error)) => return self.lost(number, &error),
                Err(Failure::Handler(_)) => {}
            }
        }
        outcome.failed += 1;
        self.failed(number, &error, events);
    }

    fn lost(&mut self, number: u16, error: &database::Error) {
        tracing::info!(segment = number, "another instance has taken over: {}", with_causes(error));
        self.held.remove(&number);
    }

    fn failed(&mut self, number: u16, error: &HandlerError, events: &[Recorded]) {
        let Some(segment) = self.held.get_mut(&number) else { return };
        let wait = self.options.wait(segment.failures.saturating_add(1));
        let text = with_causes(error);
        tracing::warn!(
            segment = number,
            failures = segment.failures + 1,
            position = segment.position,
            "`{}` tries again in {wait:?}: {text}",
            self.group.name(),
        );
        segment.failed(text, Instant::now() + wait, events);
    }

    /// How long nothing is to be done, unless it is woken.
    fn rest(&self) -> Duration {
        let now = Instant::now();
        let waits = self.held.values().filter_map(|segment| segment.waits_until);
        let next = waits.chain(self.balance_at).map(|at| at.saturating_duration_since(now)).min();
        next.unwrap_or(self.options.poll).min(self.options.poll)
    }

    fn tell(&self) {
        let segments = self.held.iter().map(|(number, segment)| segment.status(*number)).collect();
        self.status.send_replace(Status { settled: self.settled, segments });
    }

    fn log_error(&self, source: database::Error) -> Error {
        Error::Log { subscription: self.group.name().clone(), source }
    }
}

impl<H> fmt::Debug for Subscription<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("name", self.group.name())
            .field("held", &self.held.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
