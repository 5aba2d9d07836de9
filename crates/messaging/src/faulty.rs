//! A broker that misbehaves as far as the contract lets it, the same way for the same seed.
//!
//! It loses confirmations, confirms batches in part, publishes and delivers twice, delays, ends subscriptions, mixes
//! messages of different keys, and loses requests and replies. It never loses what it confirmed and never changes the
//! order of a key. What works with it does not rely on a broker's good days.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::broker::{Action, Error, Failure, HeldBack, PublishError, RequestError};
use crate::partition::Hasher;
use crate::{Broker, Delivery, Envelope, Publisher, Responder, Subscription};

/// How often each fault happens, in thousandths of the occasions for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// A publication fails, before or after it took place, or in part.
    pub publish: u32,
    /// A batch is published twice.
    pub double: u32,
    /// A message is delivered twice.
    pub redeliver: u32,
    /// Messages are held for the next call.
    pub delay: u32,
    /// What is received is mixed across keys.
    pub mix: u32,
    /// A subscription ends, before or after an acknowledgement took place.
    pub end: u32,
    /// A request or its reply is lost.
    pub request: u32,
}

/// A tenth of everything, and half of what does not cost a retry.
impl Default for Rates {
    fn default() -> Self {
        Self { publish: 100, double: 100, redeliver: 200, delay: 500, mix: 500, end: 100, request: 100 }
    }
}

/// What a [`Faulty`] does when it should have done something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault that was asked for")]
pub struct Fault;

/// A broker that misbehaves.
#[derive(Clone, Debug)]
pub struct Faulty<B> {
    inner: B,
    rates: Rates,
    dice: Dice,
}

impl<B> Faulty<B> {
    /// Has `inner` misbehave as often as `rates` say; two with the same seed do the same on the same calls.
    pub fn new(inner: B, seed: u64, rates: Rates) -> Self {
        Self { inner, rates, dice: Dice(Arc::new(AtomicU64::new(seed))) }
    }
}

/// Random numbers that a seed decides, shared by all that is made of one [`Faulty`].
#[derive(Clone, Debug)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn roll(&self) -> u64 {
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        Hasher::new().bytes(&state.to_le_bytes()).finish()
    }

    fn happens(&self, thousandths: u32) -> bool {
        self.roll() % 1_000 < u64::from(thousandths)
    }

    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or(0)
    }
}

impl<B: Broker> Faulty<B> {
    async fn misbehave(&self, topic: &str, batch: &[Envelope]) -> Result<(), PublishError> {
        let fault = || PublishError::Unavailable { topic: topic.to_owned(), source: Box::new(Fault) };
        if self.dice.happens(self.rates.double) {
            self.inner.publish(topic, batch).await?;
        }
        if !self.dice.happens(self.rates.publish) {
            return self.inner.publish(topic, batch).await;
        }
        match self.dice.roll() % 3 {
            0 => Err(fault()),
            1 => self.inner.publish(topic, batch).await.and(Err(fault())),
            _ => self.publish_in_part(topic, batch).await,
        }
    }

    /// Some keys fail, from some message on.
    async fn publish_in_part(&self, topic: &str, batch: &[Envelope]) -> Result<(), PublishError> {
        let mut failing: HashSet<&str> = HashSet::new();
        let (mut passed, mut failures) = (Vec::new(), Vec::new());
        for (index, envelope) in batch.iter().enumerate() {
            if failing.contains(&*envelope.partition_key) {
                failures.push(Failure { index, cause: Box::new(HeldBack) });
            } else if self.dice.happens(200) {
                failing.insert(&envelope.partition_key);
                failures.push(Failure { index, cause: Box::new(Fault) });
            } else {
                passed.push(envelope.clone());
            }
        }
        match self.inner.publish(topic, &passed).await {
            Ok(()) if failures.is_empty() => Ok(()),
            Ok(()) => Err(PublishError::Partly { topic: topic.to_owned(), failures }),
            // Its indexes are others than the caller's, so nothing is confirmed.
            Err(PublishError::Partly { topic, .. }) => {
                Err(PublishError::Unavailable { topic, source: Box::new(Fault) })
            }
            Err(error) => Err(error),
        }
    }
}

impl<B: Broker> Publisher for Faulty<B> {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(self.misbehave(topic, batch))
    }
}

impl<B: Broker> Broker for Faulty<B> {
    fn lanes(&self) -> u16 {
        self.inner.lanes()
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        self.inner.register(topic, group)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, Error>> {
        Box::pin(async move {
            let inner = self.inner.subscribe(topic, group, lanes).await?;
            let subscription = Unreliable {
                inner,
                topic: topic.to_owned(),
                rates: self.rates,
                dice: self.dice.clone(),
                held: VecDeque::new(),
                lanes: BTreeMap::new(),
            };
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        })
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, RequestError>> {
        Box::pin(async move {
            let lost = || Err(RequestError::Lost { topic: topic.to_owned() });
            if self.dice.happens(self.rates.request) {
                return lost();
            }
            let reply = self.inner.request(topic, request, deadline).await?;
            if self.dice.happens(self.rates.request) { lost() } else { Ok(reply) }
        })
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.inner.serve(topic, responder, drain)
    }
}

/// A subscription that delays, mixes, doubles and ends.
struct Unreliable {
    inner: Box<dyn Subscription>,
    topic: String,
    rates: Rates,
    dice: Dice,
    /// Received and not yet delivered.
    held: VecDeque<Delivery>,
    lanes: BTreeMap<u16, Labels>,
}

/// Since what is delivered is out of the inner broker's order, it gets positions of its own.
#[derive(Default)]
struct Labels {
    last: u64,
    /// The inner positions received and not acknowledged.
    open: BTreeSet<u64>,
    /// The inner position behind each label that is not acknowledged.
    labels: BTreeMap<u64, u64>,
    received: u64,
}

impl Labels {
    fn receive(&mut self, position: u64) {
        self.open.insert(position);
        self.received = position;
    }

    fn label(&mut self, position: u64) -> u64 {
        self.last += 1;
        self.labels.insert(self.last, position);
        self.last
    }

    /// Up to which inner position everything is acknowledged once `label` is.
    fn ack(&mut self, label: u64) -> u64 {
        let later = self.labels.split_off(&(label + 1));
        for position in std::mem::replace(&mut self.labels, later).values() {
            self.open.remove(position);
        }
        self.open.first().map_or(self.received, |oldest| oldest - 1)
    }
}

impl Unreliable {
    async fn deliver(&mut self, max: usize, within: Duration) -> Result<Vec<Delivery>, Error> {
        if self.dice.happens(self.rates.end) {
            return Err(self.ended(Action::Receive));
        }
        let wait = if self.held.is_empty() { within } else { Duration::ZERO };
        let received = self.inner.receive(max, wait).await?;
        for delivery in received {
            self.lanes.entry(delivery.lane).or_default().receive(delivery.position);
            self.held.push_back(delivery);
        }
        if self.dice.happens(self.rates.mix) {
            self.mix();
        }
        let mut count = self.held.len().min(max);
        if self.dice.happens(self.rates.delay) {
            count = self.dice.below(count).max(count.min(1));
        }
        let mut out = Vec::new();
        while out.len() < count
            && let Some(delivery) = self.held.pop_front()
        {
            if out.len() + 1 < count && self.dice.happens(self.rates.redeliver) {
                out.push(self.labelled(delivery.clone()));
            }
            out.push(self.labelled(delivery));
        }
        Ok(out)
    }

    /// Exchanges neighbours of different keys, from the front to the back.
    fn mix(&mut self) {
        for at in 1..self.held.len() {
            let same = self.held[at - 1].envelope.partition_key == self.held[at].envelope.partition_key;
            if !same && self.dice.happens(500) {
                self.held.swap(at - 1, at);
            }
        }
    }

    fn labelled(&mut self, delivery: Delivery) -> Delivery {
        let position = self.lanes.entry(delivery.lane).or_default().label(delivery.position);
        Delivery { position, ..delivery }
    }

    fn ended(&self, action: Action) -> Error {
        Error { action, topic: self.topic.clone(), source: Box::new(Fault) }
    }
}

impl Subscription for Unreliable {
    fn receive(&mut self, max: usize, within: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, Error>> {
        Box::pin(self.deliver(max, within))
    }

    fn ack<'a>(&'a mut self, positions: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.dice.happens(self.rates.end) {
                return Err(self.ended(Action::Ack));
            }
            let inner = positions.iter().map(|(lane, position)| {
                let labels = self.lanes.entry(*lane).or_default();
                (*lane, labels.ack(*position))
            });
            self.inner.ack(&inner.collect::<Vec<_>>()).await?;
            if self.dice.happens(self.rates.end) { Err(self.ended(Action::Ack)) } else { Ok(()) }
        })
    }
}
