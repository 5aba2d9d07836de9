//! A broker whose callers crash on request.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use messaging::faulty::{Faulty, Rates};
use messaging::{
    Broker, Delivery, Embedded, Envelope, PublishError, Publisher, Responder, Subscription, broker,
};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where something may crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    BeforePublishing,
    /// Published, and never confirmed.
    AfterPublishing,
    /// Received, and not yet handled.
    AfterReceiving,
    /// Handled, and not yet acknowledged.
    BeforeAcknowledging,
    /// Acknowledged, without ever knowing.
    AfterAcknowledging,
}

/// The call never returns, and the test drops whoever waits for it.
pub(super) struct Brittle {
    pub(super) inner: Embedded,
    pub(super) faulty: Faulty<Embedded>,
    crash: Arc<Mutex<Option<Point>>>,
    pub(super) crashed: Arc<Notify>,
}

impl Brittle {
    pub(super) fn new(inner: Embedded, seed: u64, rates: Rates) -> Self {
        let faulty = Faulty::new(inner.clone(), seed, rates);
        Self { inner, faulty, crash: Arc::default(), crashed: Arc::default() }
    }

    pub(super) fn crash_at(&self, point: Option<Point>) {
        *self.crash.lock().unwrap() = point;
    }
}

async fn pass(point: Point, crash: &Mutex<Option<Point>>, crashed: &Notify) {
    if *crash.lock().unwrap() == Some(point) {
        crashed.notify_one();
        std::future::pending::<()>().await;
    }
}

impl Publisher for Brittle {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(async move {
            pass(Point::BeforePublishing, &self.crash, &self.crashed).await;
            let published = self.faulty.publish(topic, batch).await;
            pass(Point::AfterPublishing, &self.crash, &self.crashed).await;
            published
        })
    }
}

impl Broker for Brittle {
    fn lanes(&self) -> u16 {
        self.faulty.lanes()
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), broker::Error>> {
        self.faulty.register(topic, group)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, broker::Error>> {
        Box::pin(async move {
            let inner = self.faulty.subscribe(topic, group, lanes).await?;
            let (crash, crashed) = (Arc::clone(&self.crash), Arc::clone(&self.crashed));
            Ok(Box::new(BrittleSubscription { inner, crash, crashed }) as Box<dyn Subscription>)
        })
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, broker::RequestError>> {
        self.faulty.request(topic, request, deadline)
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), broker::Error>> {
        self.faulty.serve(topic, responder, drain)
    }
}

struct BrittleSubscription {
    inner: Box<dyn Subscription>,
    crash: Arc<Mutex<Option<Point>>>,
    crashed: Arc<Notify>,
}

impl Subscription for BrittleSubscription {
    fn receive(
        &mut self,
        max: usize,
        within: Duration,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, broker::Error>> {
        Box::pin(async move {
            let received = self.inner.receive(max, within).await;
            pass(Point::AfterReceiving, &self.crash, &self.crashed).await;
            received
        })
    }

    fn ack<'a>(&'a mut self, positions: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), broker::Error>> {
        Box::pin(async move {
            pass(Point::BeforeAcknowledging, &self.crash, &self.crashed).await;
            let acked = self.inner.ack(positions).await;
            pass(Point::AfterAcknowledging, &self.crash, &self.crashed).await;
            acked
        })
    }
}
