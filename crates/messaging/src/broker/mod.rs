//! The port that every broker implements.
//!
//! # The contract
//!
//! A topic carries [envelopes](Envelope). Every envelope belongs to the [virtual partition](mod@crate::partition) of its
//! key; a broker keeps one or several partitions in each of its *lanes*, the unit of subscription. Several *groups*
//! may follow a topic, each independent of the others.
//!
//! - **Confirmed is durable.** What [`publish`](Publisher::publish) has confirmed survives a crash and reaches every
//!   group that was registered by then. What it did not confirm may have been accepted or not: publish it again.
//! - **At least once.** A message may be delivered more than once, never less. Each consumer recognises duplicates by
//!   [`Envelope::version`], since of a key the older come first, or else by [`Envelope::id`].
//! - **Order.** Messages of the same key are delivered in the order in which they were published, each at its first
//!   delivery; a redelivery begins at the oldest message not acknowledged and keeps the order from there.
//! - **Acknowledging is cumulative** within a lane, and means: this and all before it need never come again.
//! - **Bounded.** A topic holds a bounded backlog. Beyond it a publisher waits, and after a time-out it is refused.
//! - **No retention.** What every group has acknowledged is gone. A group begins at the oldest message that is still
//!   kept when it registers. A topic without any group keeps only a bounded number of the newest messages.
//! - **Requests are ephemeral.** A [`request`](Broker::request) and its reply may be lost; nothing else suffers.
//!
//! Every future of this module may be dropped at any time. A dropped `publish` may or may not take place.
//!
//! [`conformance`](mod@crate::conformance) holds a broker to this.

mod error;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub use error::{Action, Cause, Error, Failure, HeldBack, PublishError, RequestError, TooLarge};

use crate::Envelope;

/// Where messages can be sent to: a broker, or something that only receives, such as a web hook.
pub trait Publisher: Send + Sync + 'static {
    /// Sends `batch` in its order and returns once all of it is durable. It waits while there is no room.
    ///
    /// A message that cannot be delivered holds back the later ones of its key in the batch, and no others.
    ///
    /// # Errors
    /// [`PublishError::Partly`] names the messages that were not confirmed; all others were. After any other error
    /// none was confirmed.
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>>;
}

/// A broker; see the [module](self) for what it promises.
pub trait Broker: Publisher {
    /// How many lanes each topic has: at least 1, at most [`PARTITIONS`](crate::partition::PARTITIONS).
    fn lanes(&self) -> u16;

    /// Makes a group known, so that messages are kept for it from now on. Does nothing if it is known.
    ///
    /// # Errors
    /// If that could not be made durable.
    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), Error>>;

    /// Registers the group if need be, and follows some lanes of a topic from the oldest message that the group has
    /// not acknowledged.
    ///
    /// A lane may have several subscriptions of the same group at a time; each is delivered everything.
    ///
    /// # Errors
    /// If the broker cannot be reached.
    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, Error>>;

    /// Asks whoever serves `topic` and waits for the reply, until `deadline` at most.
    ///
    /// # Errors
    /// If there is no reply. Whether the request was handled is then unknown.
    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, RequestError>>;

    /// Replies to requests on `topic` until `drain` completes, and finishes those it has begun. If several serve the
    /// same topic, each request goes to one of them.
    ///
    /// # Errors
    /// If the broker cannot be reached.
    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), Error>>;
}

impl<P: Publisher + ?Sized> Publisher for Arc<P> {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        (**self).publish(topic, batch)
    }
}

impl<B: Broker + ?Sized> Broker for Arc<B> {
    fn lanes(&self) -> u16 {
        (**self).lanes()
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        (**self).register(topic, group)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, Error>> {
        (**self).subscribe(topic, group, lanes)
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, RequestError>> {
        (**self).request(topic, request, deadline)
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        (**self).serve(topic, responder, drain)
    }
}

/// Messages of some lanes, in the order of each lane.
pub trait Subscription: Send {
    /// The next messages, at most `max`: as soon as there is at least one, or none after `within`.
    ///
    /// Several may be received before the first is acknowledged. Dropping the future loses nothing.
    ///
    /// # Errors
    /// If the subscription has ended. A new one goes on from the oldest message not acknowledged.
    fn receive(&mut self, max: usize, within: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, Error>>;

    /// Says of some lanes that the message at a position, and all before it in that lane, need not come again.
    ///
    /// # Errors
    /// If that could not be made known; they may come again then.
    fn ack<'a>(&'a mut self, positions: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), Error>>;

    /// How many messages there are that were not received yet, as far as is known without asking; cheap.
    fn waiting(&self) -> u64 {
        0
    }
}

/// A message as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// In which lane.
    pub lane: u16,
    /// Where in the lane; grows with each new message, not always by one.
    pub position: u64,
    /// The message.
    pub envelope: Envelope,
}

/// What answers requests.
pub trait Responder: Send + Sync + 'static {
    /// The reply, or `None` to leave the request unanswered. Dropped when the request's deadline passes.
    fn respond(&self, request: Envelope) -> BoxFuture<'_, Option<Envelope>>;
}

impl<F, Fut> Responder for F
where
    F: Fn(Envelope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Option<Envelope>> + Send + 'static,
{
    fn respond(&self, request: Envelope) -> BoxFuture<'_, Option<Envelope>> {
        Box::pin(self(request))
    }
}
