//! The consumer: one effect per message, in the order of its key.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, Transaction};
use futures_util::future::BoxFuture;
use messaging::broker::{Action, Cause};
use messaging::consumer::{Options, Outcome};
use messaging::{
    Backoff, Broker, Consumer, Data, Delivery, Embedded, Envelope, HandlerError, Publisher, Subscription,
    audit, broker, dead_letters, inbox, outbox,
};
use tokio::sync::oneshot;

use crate::world::{
    Effects, GROUP, TOPIC, World, consume_all, consumer, effects, effects_of, event, events, eventually,
    options,
};

/// A world with a broker and a billing service that has registered.
async fn started() -> (World, Embedded, Database, Effects) {
    let world = World::new();
    let (broker, db) = (world.broker().await, world.db("billing"));
    broker.register(TOPIC, GROUP).await.unwrap();
    (world, broker, db, Effects::default())
}

async fn parked(db: &Database) -> u64 {
    db.read(async |tx| dead_letters::count(tx).await).await.unwrap()
}

async fn stuck(db: &Database) -> u64 {
    db.read(async |tx| dead_letters::stuck(tx).await).await.unwrap()
}

fn outcome(handled: usize, duplicates: usize, parked: usize) -> Outcome {
    Outcome { handled, duplicates, parked }
}

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
async fn a_failure_leaves_no_effect_and_does_not_hold_up_other_keys() {
    let (_world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &[event("a", 1), event("b", 1), event("a", 2), event("b", 2)]).await.unwrap();
    let mut consumer = consumer(broker.clone(), &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 2));
    assert_eq!(effects(&db).await, [("b".to_owned(), 1), ("b".to_owned(), 2)]);
    assert_eq!(broker.lag(TOPIC, GROUP).await.unwrap(), 0, "what is parked is acknowledged");
}

#[tokio::test]
async fn what_failed_is_tried_again_in_its_order_with_what_came_meanwhile() {
    let (world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
    let mut consumer = consumer(broker.clone(), &db, &handler);
    consumer.consume_once().await.unwrap();
    handler.fail(&[]);
    broker.publish(TOPIC, &events("a", 4..=5)).await.unwrap();
    assert_eq!(
        consumer.consume_once().await.unwrap(),
        outcome(0, 0, 2),
        "not before its time, and not out of turn"
    );

    world.a_minute_passes();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(5, 0, 0));
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3, 4, 5]);
    assert_eq!(parked(&db).await, 0);
    broker.publish(TOPIC, &[event("a", 6)]).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 0), "the key is no longer blocked");
}

#[tokio::test]
async fn after_some_attempts_a_key_waits_for_an_operator() {
    let (world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &events("a", 1..=2)).await.unwrap();
    let mut consumer = consumer(broker, &db, &handler);
    for attempt in 1..=options().attempts {
        assert_eq!(stuck(&db).await, 0, "before attempt {attempt}");
        consumer.consume_once().await.unwrap();
        world.a_minute_passes();
    }
    assert_eq!((stuck(&db).await, parked(&db).await), (1, 2));
    handler.fail(&[]);
    assert_eq!(consume_all(&mut consumer).await, outcome(0, 0, 0), "nobody tries it any more");
}

#[tokio::test]
async fn what_was_handled_is_not_parked_when_it_comes_again() {
    let (_world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &[event("a", 1)]).await.unwrap();
    let mut consumer = consumer(broker.clone(), &db, &handler);
    consumer.consume_once().await.unwrap();
    handler.fail(&["a"]);
    broker.publish(TOPIC, &[event("a", 2), event("a", 1), event("a", 2)]).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 2, 1));
    assert_eq!(parked(&db).await, 1);
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_key_parks_from_there_on() {
    let (_world, broker, db, handler) = started().await;
    handler.not_know(&["order.exploded"]);
    let unknown = Envelope { kind: "order.exploded".into(), ..event("a", 3) };
    let batch = [event("a", 1), event("a", 2), unknown, event("a", 4), event("b", 1)];
    broker.publish(TOPIC, &batch).await.unwrap();
    let mut consumer = consumer(broker, &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(3, 0, 2));
    assert_eq!(effects_of(&db, "a").await, [1, 2]);
}

#[tokio::test]
async fn a_type_that_is_not_known_is_kept_for_a_program_that_knows_it() {
    let (world, broker, db, handler) = started().await;
    handler.not_know(&["order.changed"]);
    broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
    consume_all(&mut consumer(broker.clone(), &db, &handler)).await;
    assert_eq!((stuck(&db).await, parked(&db).await), (1, 3), "at once, without further attempts");
    drop(db);

    let db = world.db("billing");
    let newer = Effects::default();
    let id = event("a", 1).id;
    assert_eq!(db.write(async move |tx| dead_letters::retry(tx, id).await).await.unwrap(), 1);
    consume_all(&mut consumer(broker, &db, &newer)).await;
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3]);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_failure_of_its_message() {
    let (_world, broker, db, _) = started().await;
    broker.publish(TOPIC, &[event("a", 1), event("b", 1)]).await.unwrap();
    let handler = async |_: &mut Transaction, message: &Envelope| -> Result<(), HandlerError> {
        assert_ne!(message.subject, "a", "a bug");
        Ok(())
    };
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, handler, db.clone(), options());
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 1));
    let letters = db.read(async |tx| dead_letters::list(tx, 10).await).await.unwrap();
    assert!(letters[0].error.contains("a bug"), "{}", letters[0].error);
}

#[tokio::test]
async fn what_is_no_envelope_is_parked_whatever_the_handler_says() {
    let (_world, broker, db, _) = started().await;
    let error = Envelope::from_json("<xml>").unwrap_err();
    broker.publish(TOPIC, &[Envelope::unreadable("somewhere", "<xml>", &error)]).await.unwrap();
    let accepts_all = async |_: &mut Transaction, _: &Envelope| Ok(());
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, accepts_all, db.clone(), options());
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 0, 1));
    assert_eq!(stuck(&db).await, 1);
}

#[tokio::test]
async fn a_failing_store_is_no_fault_of_the_message() {
    let (_world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &events("a", 1..=2)).await.unwrap();
    handler.store_fails_after(Some(0));
    let mut consumer = consumer(broker.clone(), &db, &handler);
    for _ in 0..3 * options().attempts {
        consumer.consume_once().await.unwrap_err();
    }
    assert_eq!(parked(&db).await, 0);
    assert_eq!(broker.lag(TOPIC, GROUP).await.unwrap(), 2, "nothing was acknowledged");
    handler.store_fails_after(None);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 0));
}

#[tokio::test]
async fn when_too_much_is_parked_the_consumer_waits_and_acknowledges_nothing() {
    let (_world, broker, db, handler) = started().await;
    handler.fail(&["a", "b"]);
    broker.publish(TOPIC, &[event("a", 1), event("b", 1), event("c", 1)]).await.unwrap();
    let options = Options { max_parked: 1, batch: 1, ..options() };
    let mut consumer =
        Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, handler.clone(), db.clone(), options);
    let mut waits = 0;
    for _ in 0..10 {
        waits += usize::from(consumer.consume_once().await.is_err());
    }
    assert!(waits > 0 && parked(&db).await == 1, "waited {waits} times");
    assert!(broker.lag(TOPIC, GROUP).await.unwrap() > 0);
    handler.fail(&["a"]);
    consume_all(&mut consumer).await;
    assert_eq!((effects_of(&db, "b").await, effects_of(&db, "c").await), (vec![1], vec![1]));
}

#[tokio::test]
async fn a_message_that_comes_before_its_predecessor_waits_for_it() {
    let (world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &[event("a", 1), event("a", 3), event("a", 4)]).await.unwrap();
    let mut consumer = consumer(broker.clone(), &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 2));
    let letters = db.read(async |tx| dead_letters::list(tx, 10).await).await.unwrap();
    assert_eq!(letters[0].error, "version 3 follows version 2, but the last one handled is 1");

    broker.publish(TOPIC, &[event("a", 2)]).await.unwrap();
    consumer.consume_once().await.unwrap();
    world.a_minute_passes();
    consume_all(&mut consumer).await;
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_message_that_never_comes_leaves_its_successors_to_an_operator() {
    let (world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &[event("a", 1), event("a", 3)]).await.unwrap();
    let mut consumer = consumer(broker, &db, &handler);
    for _ in 0..10 {
        consumer.consume_once().await.unwrap();
        world.a_minute_passes();
    }
    assert_eq!((stuck(&db).await, effects_of(&db, "a").await), (1, vec![1]));
}

#[tokio::test]
async fn versions_that_were_not_published_are_no_gap() {
    let (_world, broker, db, handler) = started().await;
    let skipping = Envelope { previous_version: Some(1), ..event("a", 4) };
    broker.publish(TOPIC, &[event("a", 1), skipping, event("a", 5)]).await.unwrap();
    consume_all(&mut consumer(broker, &db, &handler)).await;
    assert_eq!(effects_of(&db, "a").await, [1, 4, 5]);
}

#[tokio::test]
async fn a_consumer_begins_an_aggregate_with_what_comes_first() {
    let (_world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &[event("a", 7), event("a", 8)]).await.unwrap();
    consume_all(&mut consumer(broker, &db, &handler)).await;
    assert_eq!(effects_of(&db, "a").await, [7, 8]);
}

#[tokio::test]
async fn what_is_older_than_what_was_handled_has_no_effect() {
    let (_world, broker, db, handler) = started().await;
    let state = Envelope { id: uuid::Uuid::from_u128(1), previous_version: None, ..event("a", 5) };
    broker.publish(TOPIC, &[state]).await.unwrap();
    broker.publish(TOPIC, &events("a", 4..=6)).await.unwrap();
    let done = consume_all(&mut consumer(broker, &db, &handler)).await;
    assert_eq!(done, outcome(4, 0, 0), "the older ones are handled by doing nothing");
    assert_eq!(effects_of(&db, "a").await, [5, 6]);
}

#[tokio::test]
async fn messages_without_a_version_are_handled_as_they_come() {
    let (_world, broker, db, handler) = started().await;
    let command = |n| Envelope { version: None, previous_version: None, ..event("a", n) };
    broker.publish(TOPIC, &[command(3), command(1), command(2)]).await.unwrap();
    assert_eq!(consume_all(&mut consumer(broker, &db, &handler)).await, outcome(3, 0, 0));
}

#[tokio::test]
async fn messages_without_a_version_wait_in_the_order_in_which_they_came() {
    let (world, broker, db, handler) = started().await;
    let command = |n| Envelope {
        version: None,
        previous_version: None,
        subject: format!("a/{n}"),
        partition_key: "a".into(),
        ..event("a", n)
    };
    handler.fail(&["a/3"]);
    broker.publish(TOPIC, &[command(3), command(1), command(2)]).await.unwrap();
    let mut consumer = consumer(broker, &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 0, 3));
    handler.fail(&["a/1"]);
    world.a_minute_passes();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 0), "up to the next that fails");
    handler.fail(&[]);
    world.a_minute_passes();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 0));
    let order: Vec<String> = effects(&db).await.into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(order, ["a/3", "a/1", "a/2"]);
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
async fn a_running_consumer_tries_again_by_itself() {
    let (world, broker, db, handler) = started().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let consumer = consumer(broker.clone(), &db, &handler);
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async { drop(stopped.await) }));
    handler.fail(&["a"]);
    broker.publish(TOPIC, &events("a", 1..=2)).await.unwrap();
    eventually(async || parked(&db).await == 2).await;
    handler.fail(&[]);
    world.a_minute_passes();
    handle.wake();
    eventually(async || effects_of(&db, "a").await == [1, 2]).await;
    stop.send(()).unwrap();
    running.await.unwrap();
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
    crate::world::enqueue(&producer, &events("a", 1..=3)).await;
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
