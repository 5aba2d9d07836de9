//! The consumer: receives messages of a topic, has each handled once, and acknowledges them.

mod acks;
mod handler;
mod parked;
mod retrying;
mod sharing;
mod work;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use database::Database;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

pub use handler::{Enriched, Handler, HandlerError};
pub use parked::{Parked, Parking};

use acks::Acks;

use crate::backoff::Backoff;
use crate::causes::with_causes;
use crate::inbox::{Scope, Verdict};
use crate::observe::Observer;
use crate::{Broker, Delivery, Subscription, broker};

/// How a consumer works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many messages are received at a time.
    pub batch: usize,
    /// How often a message is tried before it is parked until an operator looks at it; at least 1.
    pub attempts: u32,
    /// When to try again what failed.
    pub backoff: Backoff,
    /// How many messages may be parked. Beyond that nothing that fails is acknowledged, and the consumer waits.
    pub max_parked: u64,
    /// How often to look for parked messages that are to be tried again, without having been woken.
    pub poll: Duration,
    /// How long what was handled may wait to be acknowledged, so that batches that follow each other are acknowledged
    /// at once. After a crash that much more comes again, and has no second effect.
    pub ack_within: Duration,
    /// Which lanes of the topic to consume; all of them if `None`.
    pub lanes: Option<Range<u16>>,
    /// Whether what is received at once is handled in one transaction, of whatever keys: for a handler that makes one thing of
    /// many messages, such as a view. It costs less per message, and notes nothing in the journal. As soon as one of them
    /// cannot be handled, each is handled with those of its key, as always.
    pub together: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch: 256,
            attempts: 5,
            backoff: Backoff::default(),
            max_parked: 10_000,
            poll: Duration::from_secs(1),
            ack_within: Duration::from_millis(20),
            lanes: None,
            together: false,
        }
    }
}

/// What one step of a consumer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages that were handled, parked ones that were tried again included.
    pub handled: usize,
    /// Messages that had been handled or parked before.
    pub duplicates: usize,
    /// Messages that were parked.
    pub parked: usize,
}

impl Outcome {
    fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Handled => self.handled += 1,
            Verdict::Duplicate => self.duplicates += 1,
            Verdict::Parked => self.parked += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.handled += other.handled;
        self.duplicates += other.duplicates;
        self.parked += other.parked;
    }
}

/// Why a step did not take place; the next one does it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The broker failed.
    #[error("consuming from the broker")]
    Broker(#[from] broker::Error),
    /// The service's database failed, or no more may be parked.
    #[error("`{consumer}` cannot handle messages of `{topic}`: {reason}")]
    Store {
        /// The group.
        consumer: String,
        /// The topic.
        topic: String,
        /// What the database said, and why.
        reason: String,
    },
}

/// Consumes one topic on behalf of one group: each message is handled once, in the order of its key.
///
/// Two consumers of the same group over the same database do each other no harm: whatever both receive is handled by
/// one of them. To share the work they consume different lanes.
pub struct Consumer<H> {
    broker: Arc<dyn Broker>,
    worker: work::Worker<H>,
    options: Options,
    handle: Handle,
    backlog: Backlog,
    subscription: Option<Box<dyn Subscription>>,
    /// What was handled and is not acknowledged yet.
    acks: Acks,
    /// When to look for parked keys that are due: not with every batch, since mostly there are none.
    look_at: Instant,
}

impl<H: Enriched> Consumer<H> {
    /// A consumer of `topic` as `group`, which is what it is called in the inbox of `db`. The schemas of `db` include
    /// that of the [inbox](crate::inbox).
    pub fn new(
        broker: Arc<dyn Broker>,
        topic: &str,
        group: &str,
        handler: H,
        db: Database,
        options: Options,
    ) -> Self {
        let scope = Scope { consumer: group.into(), topic: topic.into(), max_parked: options.max_parked };
        let worker = work::Worker::new(db, scope, handler, &options);
        Self {
            broker,
            worker,
            options,
            handle: Handle::default(),
            backlog: Backlog::default(),
            subscription: None,
            acks: Acks::default(),
            look_at: Instant::now(),
        }
    }

    /// Tells `observer` of what is received and handled.
    #[must_use]
    pub fn observed(mut self, observer: Arc<dyn Observer>) -> Self {
        self.worker.observe(observer);
        self
    }

    /// What wakes this consumer.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What tells how much there is to be consumed.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        self.backlog.clone()
    }

    /// Makes the group known to the broker, so that messages are kept for it from now on. [`run`](Self::run) does so
    /// too, but later.
    ///
    /// # Errors
    /// If the broker fails.
    pub async fn register(&self) -> Result<(), Error> {
        let scope = self.worker.scope();
        Ok(self.broker.register(&scope.topic, &scope.consumer).await?)
    }

    /// Tries parked messages that are due, then handles what the broker has now, at most one batch.
    ///
    /// # Errors
    /// If the broker or the database fails. Nothing is lost: what was not acknowledged comes again.
    pub async fn consume_once(&mut self) -> Result<Outcome, Error> {
        let mut outcome = self.retry().await?;
        let received = self.receive(Duration::ZERO).await?;
        outcome.add(self.consume(received).await?);
        self.acknowledge().await?;
        Ok(outcome)
    }

    /// Consumes until `drain` completes, and finishes the batch it has begun.
    pub async fn run(mut self, drain: impl Future<Output = ()>) {
        self.consume_until(drain).await;
        if let Err(error) = self.acknowledge().await {
            tracing::debug!("what was handled last comes again: {}", with_causes(&error));
        }
    }

    async fn consume_until(&mut self, drain: impl Future<Output = ()>) {
        let mut drain = std::pin::pin!(drain);
        let handle = self.handle();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, self.worker.scope().consumer.as_bytes());
        let mut failures = 0_u32;
        loop {
            let wait = match self.step(&handle, drain.as_mut()).await {
                Ok(true) => return,
                Ok(false) => {
                    failures = 0;
                    continue;
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let wait = self.options.backoff.wait(id, failures);
                    tracing::warn!(failures, "the consumer tries again in {wait:?}: {}", with_causes(&error));
                    wait
                }
            };
            tokio::select! {
                biased;
                () = drain.as_mut() => return,
                () = sleep(wait) => {}
            }
        }
    }

    /// Tries what is due and consumes what comes, once; tells whether to drain.
    async fn step(
        &mut self,
        handle: &Handle,
        drain: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, Error> {
        if self.look_at <= Instant::now() {
            self.retry().await?;
        }
        if self.acks.are_due(self.options.ack_within) {
            self.acknowledge().await?;
        }
        let until =
            self.acks.due_at(self.options.ack_within).map_or(self.look_at, |due| due.min(self.look_at));
        let within = until.saturating_duration_since(Instant::now());
        let received = tokio::select! {
            biased;
            () = drain => return Ok(true),
            () = handle.woken() => {
                self.look_at = Instant::now();
                return Ok(false);
            }
            received = self.receive(within) => received?,
        };
        if self.consume(received).await?.parked > 0 {
            self.look_at = Instant::now();
        }
        Ok(false)
    }

    /// Tries parked messages that are due.
    async fn retry(&mut self) -> Result<Outcome, Error> {
        let (outcome, next) = self.worker.retry().await?;
        self.look_at = Instant::now() + next.unwrap_or(self.options.poll).min(self.options.poll);
        Ok(outcome)
    }

    async fn receive(&mut self, within: Duration) -> Result<Vec<Delivery>, Error> {
        if self.subscription.is_none() {
            let scope = self.worker.scope();
            let lanes = self.options.lanes.clone().unwrap_or(0..self.broker.lanes());
            self.subscription = Some(self.broker.subscribe(&scope.topic, &scope.consumer, lanes).await?);
        }
        let Some(subscription) = &mut self.subscription else { return Ok(Vec::new()) };
        let received = subscription.receive(self.options.batch.max(1), within).await;
        received.map_err(|error| self.ended(error))
    }

    /// Has a batch handled, which is to be acknowledged then.
    async fn consume(&mut self, received: Vec<Delivery>) -> Result<Outcome, Error> {
        if received.is_empty() {
            return Ok(Outcome::default());
        }
        let handled = Acks::of(&received);
        self.note_backlog(received.len());
        let messages = received.into_iter().map(|delivery| delivery.envelope).collect();
        let outcome = self.worker.handle(messages).await.inspect_err(|_| self.begin_again())?;
        self.note_backlog(0);
        self.acks.add(handled);
        Ok(outcome)
    }

    /// Acknowledges what was handled.
    async fn acknowledge(&mut self) -> Result<(), Error> {
        let positions = self.acks.take();
        if let Some(subscription) = &mut self.subscription
            && !positions.is_empty()
        {
            subscription.ack(&positions).await.map_err(|error| self.ended(error))?;
        }
        Ok(())
    }

    /// The next subscription begins with what is not acknowledged.
    fn begin_again(&mut self) {
        self.subscription = None;
        self.acks = Acks::default();
    }

    /// Notes what is to be consumed: so many messages that were received, and those that the broker knows of.
    fn note_backlog(&self, received: usize) {
        let waiting = self.subscription.as_ref().map_or(0, |subscription| subscription.waiting());
        self.backlog.0.store(waiting + received as u64, Ordering::Relaxed);
    }

    fn ended(&mut self, error: broker::Error) -> Error {
        self.begin_again();
        error.into()
    }
}

impl<H> fmt::Debug for Consumer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Tells how much a [`Consumer`] has to consume; clones tell of the same one.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Arc<AtomicU64>);

impl Backlog {
    /// How many messages were received and are neither handled nor parked, with those that the broker knew of when the
    /// consumer was last there. While it waits for messages there are none.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Wakes a [`Consumer`], when parked messages are to be tried again at once; clones wake the same one.
#[derive(Clone, Debug, Default)]
pub struct Handle(Arc<Notify>);

impl Handle {
    /// Has the consumer look for parked messages that are due.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    async fn woken(&self) {
        self.0.notified().await;
    }
}
