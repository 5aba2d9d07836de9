//! The consumer: one effect per message, in the order of its key.

use std::sync::Arc;
use std::time::Duration;

use database::Transaction;
use futures_util::future::BoxFuture;
use messaging::broker::{Action, Cause};
use messaging::consumer::Options;
use messaging::{
    Backoff, Broker, Consumer, Data, Delivery, Embedded, Envelope, HandlerError, Publisher, Subscription,
    audit, broker, inbox, outbox,
};
use tokio::sync::oneshot;

use crate::world::{
    GROUP, TOPIC, consume_all, consumer, effects, effects_of, event, events, eventually, options, outcome,
    started,
};

#[tokio::test]
async fn a_message_delivered_twice_has_one_effect() {
    let (_world, broker, db, handler) = started().await;
    let twice = [event("a", 1), event("a", 1), event("a", 2)];
    broker.publish(TOPIC, &twice).await.unwrap();
    broker.publish(TOPIC, &twice).await.unwrap();
    let done = consume_all(&mut consumer(broker, &db, &handler)).await;
    assert_eq!(done, outcome(2, 4, 0));
    assert_eq!(effects_of(&db, "a").await, [1, 2]);
}

#[tokio::test]
async fn a_crash_between_handling_and_acknowledging_has_no_second_effect() {
    let (world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
    let mut crashing = consumer(Deaf(broker.clone()), &db, &handler);
    crashing.consume_once().await.unwrap_err();
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3]);
    drop((crashing, db));

    let db = world.db("billing");
    let done = consume_all(&mut consumer(broker.clone(), &db, &handler)).await;
    assert_eq!(done, outcome(0, 3, 0));
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3]);
    assert_eq!(broker.lag(TOPIC, GROUP).await.unwrap(), 0);
}

#[tokio::test]
async fn two_consumers_of_one_group_handle_each_message_once() {
    let (_world, broker, db, handler) = started().await;
    let orders: Vec<String> = (0..20).map(|n| format!("order-{n}")).collect();
    let sent: Vec<Envelope> = orders.iter().flat_map(|order| events(order, 1..=10)).collect();
    let (mut one, mut other) =
        (consumer(broker.clone(), &db, &handler), consumer(broker.clone(), &db, &handler));
    one.consume_once().await.unwrap();
    other.consume_once().await.unwrap();
    broker.publish(TOPIC, &sent).await.unwrap();
    let (first, second) = tokio::join!(consume_all(&mut one), consume_all(&mut other));
    assert_eq!(first.handled + second.handled, sent.len());
    for order in &orders {
        assert!(effects_of(&db, order).await.into_iter().eq(1..=10), "{order}");
    }
}

#[tokio::test]
async fn consumers_of_different_lanes_share_the_work() {
    let (_world, broker, db, handler) = started().await;
    let orders: Vec<String> = (0..40).map(|n| format!("order-{n}")).collect();
    let sent: Vec<Envelope> = orders.iter().map(|order| event(order, 1)).collect();
    broker.publish(TOPIC, &sent).await.unwrap();
    let mut done = Vec::new();
    for lanes in [0..8, 8..16] {
        let options = Options { lanes: Some(lanes), ..options() };
        let mut half =
            Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, handler.clone(), db.clone(), options);
        done.push(consume_all(&mut half).await);
    }
    assert!(done.iter().all(|half| half.handled > 5 && half.duplicates == 0), "{done:?}");
    assert_eq!(effects(&db).await.len(), sent.len());
}

#[tokio::test]
async fn messages_of_a_batch_share_commits() {
    let (_world, broker, db, handler) = started().await;
    let orders: Vec<String> = (0..100).map(|n| format!("order-{n}")).collect();
    let sent: Vec<Envelope> = orders.iter().flat_map(|order| events(order, 1..=2)).collect();
    broker.publish(TOPIC, &sent).await.unwrap();
    let before = db.stats().commits;
    consume_all(&mut consumer(broker, &db, &handler)).await;
    assert_eq!(effects(&db).await.len(), 200);
    let commits = db.stats().commits - before;
    assert!(commits < 100, "{commits} commits for 200 messages");
}

#[tokio::test]
async fn a_consumer_runs_until_it_is_drained() {
    let (_world, broker, db, handler) = started().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(consumer(broker.clone(), &db, &handler).run(async { drop(stopped.await) }));
    for version in 1..=3 {
        broker.publish(TOPIC, &[event("a", version)]).await.unwrap();
        eventually(async || effects(&db).await.len() as u64 == version).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(broker.lag(TOPIC, GROUP).await.unwrap(), 0);
}

#[tokio::test]
async fn parked_messages_are_not_looked_for_with_every_batch() {
    let (_world, broker, db, handler) = started().await;
    let before = db.stats();
    let options = Options { batch: 1, poll: Duration::from_secs(3600), ..options() };
    let consumer = Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, handler, db.clone(), options);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(consumer.run(async { drop(stopped.await) }));
    broker.publish(TOPIC, &events("a", 1..=20)).await.unwrap();
    eventually(async || db.stats().committed >= before.committed + 20).await;
    drop(stop);
    running.await.unwrap();
    assert_eq!(effects_of(&db, "a").await.len(), 20);
    // The first look, and the one of this test.
    assert_eq!(db.stats().reads - before.reads, 2);
}

#[tokio::test]
async fn a_consumer_goes_on_when_its_subscription_ends() {
    let (_world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
    let rates = messaging::faulty::Rates { end: 600, ..Default::default() };
    let unreliable = messaging::faulty::Faulty::new(broker.clone(), 5, rates);
    let backoff = Backoff { first: Duration::from_millis(1), max: Duration::from_millis(5) };
    let options = Options { backoff, ..options() };
    let (stop, stopped) = oneshot::channel::<()>();
    let consumer = Consumer::new(Arc::new(unreliable), TOPIC, GROUP, handler, db.clone(), options);
    let running = tokio::spawn(consumer.run(async { drop(stopped.await) }));
    eventually(async || broker.lag(TOPIC, GROUP).await.unwrap() == 0).await;
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3]);
}

#[tokio::test]
async fn what_a_handler_puts_into_the_outbox_is_written_with_its_effect_or_not_at_all() {
    let (_world, broker, db, _) = started().await;
    broker.publish(TOPIC, &[event("good", 1), event("bad", 1)]).await.unwrap();
    let reacts = async |tx: &mut Transaction, message: &Envelope| -> Result<(), HandlerError> {
        let id = messaging::derived_id(GROUP, message.id, 0);
        let reply =
            Envelope::new(id, "/billing", "invoice.issued", &message.subject, tx.now(), Data::default());
        outbox::enqueue(tx, "billing.events", &reply).await?;
        if message.subject == "bad" { Err(HandlerError::Failed("no".into())) } else { Ok(()) }
    };
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, reacts, db.clone(), options());
    consumer.consume_once().await.unwrap();
    let audit = db.read(async |tx| audit::of_outbox(tx).await).await.unwrap();
    assert_eq!(audit.unconfirmed, 1);
}

#[tokio::test]
async fn messages_handled_long_ago_are_forgotten_and_their_counts_are_not() {
    let (world, broker, db, handler) = started().await;
    let producer = world.db("orders");
    crate::world::enqueue(&producer, &crate::world::commands("a", 1..=3)).await;
    crate::world::relay_all(&producer, broker.clone()).await;
    consume_all(&mut consumer(broker, &db, &handler)).await;
    let before = db.now() + 1;
    let forget =
        async |limit| db.write(async move |tx| inbox::forget(tx, before, limit).await).await.unwrap();
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    let audit = db.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
    assert_eq!(audit.partitions[0].handled.count, 3);
}

/// A broker that nobody can acknowledge to.
struct Deaf(Embedded);

struct DeafSubscription(Box<dyn Subscription>);

impl Publisher for Deaf {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), messaging::PublishError>> {
        self.0.publish(topic, batch)
    }
}

impl Broker for Deaf {
    fn lanes(&self) -> u16 {
        self.0.lanes()
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), broker::Error>> {
        self.0.register(topic, group)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: std::ops::Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, broker::Error>> {
        Box::pin(async move {
            let inner = self.0.subscribe(topic, group, lanes).await?;
            Ok(Box::new(DeafSubscription(inner)) as Box<dyn Subscription>)
        })
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: tokio::time::Instant,
    ) -> BoxFuture<'a, Result<Envelope, broker::RequestError>> {
        self.0.request(topic, request, deadline)
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn messaging::Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), broker::Error>> {
        self.0.serve(topic, responder, drain)
    }
}

impl Subscription for DeafSubscription {
    fn receive(
        &mut self,
        max: usize,
        within: Duration,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, broker::Error>> {
        self.0.receive(max, within)
    }

    fn ack<'a>(&'a mut self, _: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), broker::Error>> {
        let source: Cause = "the line is dead".into();
        Box::pin(async { Err(broker::Error { action: Action::Ack, topic: TOPIC.to_owned(), source }) })
    }
}
