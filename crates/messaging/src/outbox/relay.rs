//! The relay: sends what is in the outbox.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use database::leases::{self, Token};
use database::{Database, Error};
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Handle;
use super::due::{self, Due};
use super::following::Following;
use super::marking::{Marked, Marking};
use super::step::{Batch, By, Done};
use crate::Publisher;
use crate::backoff::Backoff;
use crate::causes::with_causes;
use crate::observe::{Observed, Observer};

/// What a relay is called among the leases.
const ROLE: &str = "outbox";

/// How a relay works.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of this run of this replica; of several relays over one outbox one works at a time.
    pub holder: String,
    /// How many messages of one topic are sent at a time.
    pub batch: usize,
    /// How often to look without having been woken, for what other replicas have put in.
    pub poll: Duration,
    /// When to try again what could not be sent.
    pub backoff: Backoff,
    /// How long what was confirmed may wait to be taken out of the outbox, so that batches that follow each other are taken out
    /// at once. After a crash that much more is sent again.
    pub mark_within: Duration,
    /// How long another relay waits before it takes over from one that has gone away.
    pub lease: Duration,
}

impl Options {
    /// The defaults, for this run of this replica.
    #[must_use]
    pub fn new(holder: impl Into<String>) -> Self {
        Self {
            holder: holder.into(),
            batch: 256,
            poll: Duration::from_millis(500),
            backoff: Backoff::default(),
            mark_within: Duration::from_millis(20),
            lease: Duration::from_secs(5),
        }
    }
}

/// What one step of a relay did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is to be sent now. When something is to be tried again, it is due after this time.
    Empty(Option<Duration>),
    /// Another relay works.
    Standby,
    /// Messages were sent.
    Sent {
        /// How many were confirmed and taken out of the outbox.
        confirmed: usize,
        /// How many were not.
        failed: usize,
    },
}

/// Sends what is in an outbox, topic by topic, in the order of each partition.
///
/// A topic that cannot be sent to waits without holding up the others, and a message that cannot be sent holds up
/// only its own key. Whatever fails is tried again for ever, with growing intervals.
///
/// What is put in through its [`Handle`] is handed over, so that the outbox is read only when that may not be all.
pub struct Relay {
    db: Database,
    publisher: Arc<dyn Publisher>,
    options: Options,
    handle: Handle,
    observed: Observed,
    lease: Option<(Token, Instant)>,
    pauses: HashMap<String, Pause>,
    following: Following,
    /// What was confirmed and is not taken out yet.
    marking: Marking,
    /// What is being taken out, at most one transaction of it.
    marks: FuturesUnordered<BoxFuture<'static, Marked>>,
    /// When to read the outbox, whatever is handed over.
    look_at: Instant,
}

/// A topic that cannot be sent to.
struct Pause {
    failures: u32,
    until: Instant,
}

impl Relay {
    /// A relay of the outbox in `db`, whose schemas include those of the outbox and of [`leases`].
    #[must_use]
    pub fn new(db: Database, publisher: Arc<dyn Publisher>, options: Options) -> Self {
        Self {
            db,
            publisher,
            options,
            handle: Handle::default(),
            observed: Observed::default(),
            lease: None,
            pauses: HashMap::new(),
            following: Following::default(),
            marking: Marking::default(),
            marks: FuturesUnordered::new(),
            look_at: Instant::now(),
        }
    }

    /// Tells `observer` of what is sent.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self { observed: Observed::by(observer), ..self }
    }

    /// What wakes this relay.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Sends the first messages of every topic, once.
    ///
    /// # Errors
    /// If the outbox cannot be read, or what was confirmed cannot be marked: it is sent again then. That a message
    /// could not be sent is no error of the relay, but part of the [`Outcome`].
    pub async fn relay_once(&mut self) -> Result<Outcome, Error> {
        let due = self.due(&HashSet::new()).await?;
        if due.batches.is_empty() {
            return Ok(Outcome::Empty(due.retry_in));
        }
        let Some(token) = self.lease().await? else {
            self.following.doubt_all();
            return Ok(Outcome::Standby);
        };
        let steps = due.batches.into_iter().map(|batch| self.step(batch, token.clone()));
        let (mut confirmed, mut failed) = (0, 0);
        for done in join_all(steps).await {
            confirmed += done.confirmed;
            failed += done.failed;
            self.note(done)?;
        }
        self.mark().await?;
        Ok(Outcome::Sent { confirmed, failed })
    }

    /// Sends what comes until `drain` completes, then what is left and can be sent.
    pub async fn run(mut self, drain: impl Future<Output = ()>) {
        let mut drain = std::pin::pin!(drain);
        let mut draining = false;
        let mut busy = HashSet::new();
        let mut steps = FuturesUnordered::new();
        loop {
            let wait = self.begin(&mut busy, &mut steps).await.unwrap_or_else(|error| {
                tracing::error!("the outbox cannot be relayed: {}", with_causes(&error));
                self.options.poll
            });
            if draining && steps.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some(done) = steps.next() => {
                    let done: Done = done;
                    busy.remove(&done.topic);
                    if let Err(error) = self.note(done) {
                        tracing::warn!("confirmed messages will be sent again: {}", with_causes(&error));
                    }
                }
                Some(marked) = self.marks.next() => {
                    if let Err(error) = self.marked(marked) {
                        tracing::warn!("confirmed messages will be sent again: {}", with_causes(&error));
                    }
                }
                () = &mut drain, if !draining => {
                    draining = true;
                    self.look_at = Instant::now();
                }
                () = self.handle.woken() => {}
                () = sleep(wait) => {}
            }
        }
        if let Err(error) = self.mark().await {
            tracing::debug!("confirmed messages will be sent again: {}", with_causes(&error));
        }
        self.release().await;
    }

    /// Begins a step with every topic that is due and not busy. Returns how long to wait unless something happens.
    async fn begin(
        &mut self,
        busy: &mut HashSet<String>,
        steps: &mut FuturesUnordered<BoxFuture<'static, Done>>,
    ) -> Result<Duration, Error> {
        self.take_over();
        let now = Instant::now();
        if self.mark_at().is_some_and(|due| due <= now) {
            self.begin_to_mark();
        }
        let batches = if self.look_at <= now {
            // What is confirmed and still there would be read as what is to be sent.
            self.mark().await?;
            // Of those that are busy there may be something, too: they are read when they have done.
            busy.iter().for_each(|topic| self.following.doubt(topic));
            let due = self.due(busy).await?;
            self.look_at = now + due.retry_in.unwrap_or(Duration::MAX).min(self.options.poll);
            due.batches
        } else {
            self.waiting(busy)
        };
        if !batches.is_empty() {
            match self.lease().await? {
                None => self.following.doubt_all(),
                Some(token) => {
                    for batch in batches {
                        busy.insert(batch.topic.clone());
                        steps.push(self.step(batch, token.clone()));
                    }
                }
            }
        }
        let until = self.mark_at().map_or(self.look_at, |due| due.min(self.look_at));
        Ok(until.saturating_duration_since(Instant::now()))
    }

    /// When to begin to take out what was confirmed; not while that of before is being taken out.
    fn mark_at(&self) -> Option<Instant> {
        self.marking.due_at(self.options.mark_within).filter(|_| self.marks.is_empty())
    }

    /// Takes out what was confirmed so far.
    async fn mark(&mut self) -> Result<(), Error> {
        self.begin_to_mark();
        while let Some(marked) = self.marks.next().await {
            self.marked(marked)?;
        }
        Ok(())
    }

    fn begin_to_mark(&mut self) {
        if self.marking.is_empty() {
            return;
        }
        // Without a lease nobody was asked to publish since, and whoever has it sends it again.
        if let Some((token, _)) = &self.lease {
            self.marks.push(self.marking.write(self.db.clone(), token.clone()));
        } else {
            self.marking = Marking::default();
            self.following.doubt_all();
        }
    }

    /// Learns whether confirmed messages were taken out.
    fn marked(&mut self, (topics, marked): Marked) -> Result<(), Error> {
        marked.inspect_err(|_| {
            topics.iter().for_each(|topic| self.following.doubt(topic));
            self.lease = None;
            self.look_at = Instant::now();
        })
    }

    /// Takes over what was committed, and looks into the outbox if that may not be all there is to send.
    fn take_over(&mut self) {
        let (handed, mut all) = self.handle.take();
        if !all {
            self.following.doubt_all();
        }
        for handed in handed {
            all &= self.following.hand(handed);
        }
        if !all {
            self.look_at = Instant::now();
        }
    }

    /// What waits of the topics that are not busy.
    fn waiting(&mut self, busy: &HashSet<String>) -> Vec<Batch> {
        let limit = self.options.batch.max(1);
        let topics: Vec<String> =
            self.following.waiting().filter(|topic| !busy.contains(*topic)).cloned().collect();
        topics
            .into_iter()
            .map(|topic| {
                let messages = self.following.take(&topic, limit);
                Batch::of(topic, messages)
            })
            .collect()
    }

    fn step(&self, batch: Batch, token: Token) -> BoxFuture<'static, Done> {
        let by = By {
            db: self.db.clone(),
            publisher: Arc::clone(&self.publisher),
            token,
            backoff: self.options.backoff,
            observed: self.observed.clone(),
        };
        Box::pin(batch.relay(by))
    }

    /// The first messages of each topic that is neither busy nor paused, as they are in the outbox.
    async fn due(&mut self, busy: &HashSet<String>) -> Result<Due, Error> {
        let now = Instant::now();
        let paused = self.pauses.iter().filter(|(_, pause)| pause.until > now);
        let resumed_in = paused.clone().map(|(_, pause)| pause.until - now).min();
        let skip: HashSet<String> = busy.iter().chain(paused.map(|(topic, _)| topic)).cloned().collect();
        let limit = self.options.batch.max(1);
        let skipped = skip.clone();
        let mut due = self.db.read(async move |tx| due::read(tx, &skipped, limit).await).await?;
        due.retry_in = due.retry_in.into_iter().chain(resumed_in).min();
        self.following.emptied(&skip, !due.holds);
        for batch in &due.batches {
            let all = !due.holds && batch.places.len() < limit;
            self.following.read(&batch.topic, &batch.places, all);
        }
        Ok(due)
    }

    /// The proof that this relay may work, renewed in good time; `None` while another has it.
    async fn lease(&mut self) -> Result<Option<Token>, Error> {
        let ttl = self.options.lease;
        if let Some((token, since)) = &self.lease
            && since.elapsed() < ttl / 3
        {
            return Ok(Some(token.clone()));
        }
        let (holder, since) = (self.options.holder.clone(), Instant::now());
        let token = self.db.write(async move |tx| leases::acquire(tx, ROLE, &holder, ttl).await).await?;
        self.lease = token.clone().map(|token| (token, since));
        Ok(token)
    }

    async fn release(self) {
        if let Some((token, _)) = self.lease
            && let Err(error) = self.db.write(async move |tx| leases::release(tx, &token).await).await
        {
            tracing::debug!("the relay's lease ends by itself: {}", with_causes(&error));
        }
    }

    /// Learns from what became of a batch.
    fn note(&mut self, done: Done) -> Result<(), Error> {
        self.marking.add(&done.topic, done.unmarked);
        if done.failed > 0 || done.error.is_some() {
            self.following.doubt(&done.topic);
        }
        if !self.following.is_sure(&done.topic) {
            self.look_at = Instant::now();
        }
        match done.pause {
            None => drop(self.pauses.remove(&done.topic)),
            Some(error) => {
                let failures =
                    self.pauses.get(&done.topic).map_or(1, |pause| pause.failures.saturating_add(1));
                let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, done.topic.as_bytes());
                let wait = self.options.backoff.wait(id, failures);
                tracing::warn!(failures, "the relay tries again in {wait:?}: {}", with_causes(&error));
                self.pauses.insert(done.topic, Pause { failures, until: Instant::now() + wait });
            }
        }
        match done.error {
            None => Ok(()),
            Some(error) => {
                self.lease = None;
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("options", &self.options).finish_non_exhaustive()
    }
}
