//! Mistakes in how messages are sent and handled. They are shown where messages pass, at the broker, so that every service
//! makes them.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chassis::doubles::Doubles;
use futures_util::future::BoxFuture;
use messaging::{
    Broker, Delivery, Envelope, Publisher, Responder, Subscription,
    broker::{Error, PublishError, RequestError},
};
use tokio::time::Instant;
use uuid::Uuid;

/// **Handler without inbox**: who is given a message again does not know it, and handles it again.
#[must_use]
pub fn handled_without_inbox(doubles: Doubles) -> Doubles {
    twisted(doubles, Unknown::default)
}

/// **Fresh ids per reaction**: a message that is sent again has another id than before.
#[must_use]
pub fn fresh_id_at_every_try(doubles: Doubles) -> Doubles {
    twisted(doubles, Renamed::default)
}

/// **Ack before effect**: a message is acknowledged when it was received, not when it was handled.
#[must_use]
pub fn acknowledged_before_effect(doubles: Doubles) -> Doubles {
    twisted(doubles, || Hasty)
}

/// **Cursor over a sequence that skips late commits**: messages are read in the order of when they were made, and what comes
/// after a later one is never seen.
#[must_use]
pub fn read_by_a_cursor_over_time(doubles: Doubles) -> Doubles {
    twisted(doubles, || Cursor)
}

/// What a twin does otherwise than the broker that it is put around.
trait Twist: Send + Sync + 'static {
    /// What is published in place of this.
    fn published(&self, message: Envelope) -> Envelope {
        message
    }

    /// What is subscribed to in place of this.
    fn subscribed(&self, to: &str, real: Box<dyn Subscription>) -> Box<dyn Subscription> {
        let _ = to;
        real
    }
}

fn twisted<T: Twist>(doubles: Doubles, twist: fn() -> T) -> Doubles {
    doubles
        .with(move |real: Arc<dyn Broker>| -> Arc<dyn Broker> { Arc::new(Twisted { real, twist: twist() }) })
}

struct Twisted<T> {
    real: Arc<dyn Broker>,
    twist: T,
}

impl<T: Twist> Publisher for Twisted<T> {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        let batch: Vec<_> = batch.iter().map(|message| self.twist.published(message.clone())).collect();
        Box::pin(async move { self.real.publish(topic, &batch).await })
    }
}

impl<T: Twist> Broker for Twisted<T> {
    fn lanes(&self) -> u16 {
        self.real.lanes()
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        self.real.register(topic, group)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, Error>> {
        Box::pin(async move {
            let real = self.real.subscribe(topic, group, lanes).await?;
            Ok(self.twist.subscribed(&format!("{topic} {group}"), real))
        })
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, RequestError>> {
        self.real.request(topic, request, deadline)
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.real.serve(topic, responder, drain)
    }
}

/// How often each message came by; each time but the first under another id.
#[derive(Clone, Default)]
struct Renaming(Arc<Mutex<BTreeMap<(String, Uuid), u64>>>);

impl Renaming {
    fn rename(&self, to: &str, mut message: Envelope) -> Envelope {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = times.entry((to.to_owned(), message.id)).or_default();
        if *times > 0 {
            message.id = Uuid::new_v5(&message.id, &times.to_be_bytes());
        }
        *times += 1;
        message
    }
}

#[derive(Default)]
struct Unknown(Renaming);

impl Twist for Unknown {
    fn subscribed(&self, to: &str, real: Box<dyn Subscription>) -> Box<dyn Subscription> {
        let (renaming, to) = (self.0.clone(), to.to_owned());
        let make = move |message: Envelope| {
            let id = message.id;
            let mut message = renaming.rename(&to, message);
            if message.id != id {
                // It would be known by its version, too.
                (message.version, message.previous_version) = (None, None);
            }
            Some(message)
        };
        Box::new(Received { real, make })
    }
}

#[derive(Default)]
struct Renamed(Renaming);

impl Twist for Renamed {
    fn published(&self, message: Envelope) -> Envelope {
        self.0.rename("", message)
    }
}

struct Cursor;

impl Twist for Cursor {
    fn subscribed(&self, _: &str, real: Box<dyn Subscription>) -> Box<dyn Subscription> {
        let mut latest = i64::MIN;
        let make = move |message: Envelope| {
            let late = message.time < latest;
            latest = latest.max(message.time);
            (!late).then_some(message)
        };
        Box::new(Received { real, make })
    }
}

struct Hasty;

impl Twist for Hasty {
    fn subscribed(&self, _: &str, real: Box<dyn Subscription>) -> Box<dyn Subscription> {
        Box::new(Acknowledged(real))
    }
}

/// A subscription whose messages are made into others, or left out.
struct Received<F> {
    real: Box<dyn Subscription>,
    make: F,
}

impl<F: FnMut(Envelope) -> Option<Envelope> + Send> Subscription for Received<F> {
    fn receive(&mut self, max: usize, within: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, Error>> {
        Box::pin(async move {
            let received = self.real.receive(max, within).await?.into_iter();
            let made = received.filter_map(|Delivery { lane, position, envelope }| {
                let envelope = (self.make)(envelope)?;
                Some(Delivery { lane, position, envelope })
            });
            Ok(made.collect())
        })
    }

    fn ack<'a>(&'a mut self, positions: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), Error>> {
        self.real.ack(positions)
    }

    fn waiting(&self) -> u64 {
        self.real.waiting()
    }
}

struct Acknowledged(Box<dyn Subscription>);

impl Subscription for Acknowledged {
    fn receive(&mut self, max: usize, within: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, Error>> {
        Box::pin(async move {
            let received = self.0.receive(max, within).await?;
            let positions: BTreeMap<_, _> = received.iter().map(|it| (it.lane, it.position)).collect();
            if !positions.is_empty() {
                self.0.ack(&positions.into_iter().collect::<Vec<_>>()).await?;
            }
            Ok(received)
        })
    }

    fn ack<'a>(&'a mut self, _: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn waiting(&self) -> u64 {
        self.0.waiting()
    }
}
