//! Counting on both sides.

use std::collections::BTreeMap;

use database::{Database, Error};
use messaging::audit::{self, Disagreement, InboxAudit, OutboxAudit};
use messaging::{Broker, Embedded, Envelope, Publisher, Tally, dead_letters, outbox, partition};

use crate::world::{
    Effects, GROUP, SOURCE, TOPIC, World, consume_all, consumer, enqueue, event, events, relay_all,
};

/// A producer and a consumer, at rest after three orders of four versions each.
struct Shop {
    world: World,
    broker: Embedded,
    producer: Database,
    billing: Database,
    handler: Effects,
}

impl Shop {
    async fn at_rest() -> Self {
        let world = World::new();
        let (broker, producer, billing) = (world.broker().await, world.db("orders"), world.db("billing"));
        broker.register(TOPIC, GROUP).await.unwrap();
        let shop = Self { world, broker, producer, billing, handler: Effects::default() };
        for order in ["a", "b", "c"] {
            enqueue(&shop.producer, &events(order, 1..=4)).await;
        }
        shop.rest().await;
        shop
    }

    async fn rest(&self) {
        self.world.a_minute_passes();
        relay_all(&self.producer, self.broker.clone()).await;
        consume_all(&mut consumer(self.broker.clone(), &self.billing, &self.handler)).await;
    }

    async fn outbox(&self) -> OutboxAudit {
        self.producer.read(async |tx| audit::of_outbox(tx).await).await.unwrap()
    }

    async fn inbox(&self) -> InboxAudit {
        self.billing.read(async |tx| audit::of_inbox(tx).await).await.unwrap()
    }

    async fn disagreements(&self) -> Vec<Disagreement> {
        let outboxes = BTreeMap::from([(SOURCE.to_owned(), self.outbox().await)]);
        audit::compare(&outboxes, &[self.inbox().await])
    }
}

#[tokio::test]
async fn at_rest_both_sides_agree_and_each_side_alone_can_tell() {
    let shop = Shop::at_rest().await;
    assert_eq!(shop.disagreements().await, []);
    let (outbox, inbox) = (shop.outbox().await, shop.inbox().await);
    assert_eq!((outbox.unconfirmed, outbox.oldest_unconfirmed_at, inbox.parked), (0, None, 0));
    assert_eq!(outbox.partitions.iter().map(|row| row.published.count).sum::<u64>(), 12);
    assert!(inbox.partitions.iter().all(audit::Handled::is_complete), "{inbox:?}");
}

#[tokio::test]
async fn a_message_that_waits_is_told_by_the_producer_alone() {
    let shop = Shop::at_rest().await;
    let at = shop.producer.now();
    enqueue(&shop.producer, &[event("a", 5)]).await;
    let disagreements = shop.disagreements().await;
    assert_eq!(disagreements.len(), 1);
    assert_eq!(disagreements[0].consumer, None);
    let outbox = shop.outbox().await;
    assert_eq!((outbox.unconfirmed, outbox.oldest_unconfirmed_at), (1, Some(at)));
}

#[tokio::test]
async fn a_lost_message_is_told_by_the_comparison_and_once_another_comes_by_the_consumer_alone() {
    let shop = Shop::at_rest().await;
    enqueue(&shop.producer, &[event("a", 5)]).await;
    relay_all(&shop.producer, Lost).await;
    let disagreements = shop.disagreements().await;
    assert_eq!(disagreements.len(), 1);
    assert_eq!(disagreements[0].consumer.as_deref(), Some(GROUP));
    assert!(shop.inbox().await.partitions.iter().all(audit::Handled::is_complete), "it cannot know yet");

    enqueue(&shop.producer, &[Envelope { version: None, ..event("a", 6) }]).await;
    shop.rest().await;
    assert_eq!(shop.inbox().await.partitions.iter().filter(|row| !row.is_complete()).count(), 1);
}

#[tokio::test]
async fn a_message_changed_on_the_way_is_told_by_the_comparison() {
    let shop = Shop::at_rest().await;
    enqueue(&shop.producer, &[event("a", 5)]).await;
    relay_all(&shop.producer, Changing(shop.broker.clone())).await;
    shop.rest().await;
    let disagreements = shop.disagreements().await;
    assert_eq!(disagreements.len(), 1);
    let Disagreement { expected, found, .. } = &disagreements[0];
    assert_eq!(expected.count, found.count, "the count alone would not tell");
}

#[tokio::test]
async fn duplicates_do_not_count() {
    let shop = Shop::at_rest().await;
    enqueue(&shop.producer, &[event("a", 5)]).await;
    relay_all(&shop.producer, Twice(shop.broker.clone())).await;
    shop.rest().await;
    assert_eq!(shop.disagreements().await, []);
}

#[tokio::test]
async fn what_is_republished_does_not_count() {
    let shop = Shop::at_rest().await;
    let republish = async |tx: &mut _| {
        outbox::republish(tx, TOPIC, &Envelope { id: uuid::Uuid::from_u128(7), ..event("a", 9) }).await
    };
    shop.producer.write(republish).await.unwrap();
    shop.rest().await;
    assert_eq!(shop.disagreements().await, []);
    assert_eq!(crate::world::effects_of(&shop.billing, "a").await, [1, 2, 3, 4], "there is a gap before it");
}

#[tokio::test]
async fn a_consumer_that_begins_late_is_compared_from_where_it_began() {
    let shop = Shop::at_rest().await;
    let late = shop.world.db("shipping");
    shop.broker.register(TOPIC, "shipping").await.unwrap();
    enqueue(&shop.producer, &events("a", 5..=6)).await;
    shop.rest().await;
    let broker = std::sync::Arc::new(shop.broker.clone());
    let mut consumer = messaging::Consumer::new(
        broker,
        TOPIC,
        "shipping",
        shop.handler.clone(),
        late.clone(),
        crate::world::options(),
    );
    consume_all(&mut consumer).await;
    let inbox = late.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
    assert_eq!((inbox.partitions[0].began.count, inbox.partitions[0].handled.count), (4, 2));
    let outboxes = BTreeMap::from([(SOURCE.to_owned(), shop.outbox().await)]);
    assert_eq!(audit::compare(&outboxes, &[inbox]), []);
}

#[tokio::test]
async fn a_consumer_whose_first_message_fails_began_with_it_all_the_same() {
    let world = World::new();
    let (broker, producer, billing) = (world.broker().await, world.db("orders"), world.db("billing"));
    broker.register(TOPIC, GROUP).await.unwrap();
    let shop = Shop { world, broker, producer, billing, handler: Effects::default() };
    shop.handler.fail(&["a"]);
    let mut others = (0..10_000).map(|n| format!("order-{n}"));
    let neighbour = others.find(|other| partition(other) == partition("a")).unwrap();
    enqueue(&shop.producer, &[event("a", 1), event(&neighbour, 1)]).await;
    shop.rest().await;
    assert!(!shop.inbox().await.partitions[0].is_complete());
    shop.handler.fail(&[]);
    shop.rest().await;
    shop.rest().await;
    assert_eq!(shop.disagreements().await, []);
    let inbox = shop.inbox().await;
    assert_eq!((inbox.partitions[0].began, inbox.partitions[0].handled.count), (Tally::default(), 2));
}

#[tokio::test]
async fn a_consumer_that_has_parked_a_message_knows_that_it_is_not_complete() {
    let shop = Shop::at_rest().await;
    let mut consumer = consumer(shop.broker.clone(), &shop.billing, &shop.handler);
    for (failing, complete) in [(&[][..], true), (&["a"], false)] {
        shop.handler.fail(failing);
        enqueue(&shop.producer, &[event("a", if complete { 5 } else { 6 })]).await;
        relay_all(&shop.producer, shop.broker.clone()).await;
        consume_all(&mut consumer).await;
        let inbox = shop.inbox().await;
        assert_eq!(inbox.partitions.iter().all(audit::Handled::is_complete), complete);
    }
}

#[tokio::test]
async fn a_discard_is_accounted_for() {
    let shop = Shop::at_rest().await;
    shop.handler.not_know(&["order.changed"]);
    enqueue(&shop.producer, &[event("a", 5)]).await;
    shop.rest().await;
    assert_eq!(shop.disagreements().await.len(), 1, "it is parked");
    let id = event("a", 5).id;
    shop.billing
        .write(async move |tx| {
            dead_letters::discard(tx, id, "ada", "a test").await?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert_eq!(shop.disagreements().await, []);
    let inbox = shop.inbox().await;
    assert_eq!(inbox.partitions.iter().map(|row| row.discarded.count).sum::<u64>(), 1);
    assert!(inbox.partitions.iter().all(audit::Handled::is_complete));
}

#[tokio::test]
async fn an_audit_survives_being_written() {
    let shop = Shop::at_rest().await;
    let (outbox, inbox) = (shop.outbox().await, shop.inbox().await);
    let written = (serde_json::to_string(&outbox).unwrap(), serde_json::to_string(&inbox).unwrap());
    assert_eq!(serde_json::from_str::<OutboxAudit>(&written.0).unwrap(), outbox);
    assert_eq!(serde_json::from_str::<InboxAudit>(&written.1).unwrap(), inbox);
}

type Publishing<'a> = futures_util::future::BoxFuture<'a, Result<(), messaging::PublishError>>;

/// Confirms what it has lost.
struct Lost;

impl Publisher for Lost {
    fn publish<'a>(&'a self, _: &'a str, _: &'a [Envelope]) -> Publishing<'a> {
        Box::pin(async { Ok(()) })
    }
}

/// Changes what it carries.
struct Changing(Embedded);

impl Publisher for Changing {
    fn publish<'a>(&'a self, topic: &'a str, batch: &'a [Envelope]) -> Publishing<'a> {
        Box::pin(async move {
            let change = |envelope: &Envelope| Envelope { kind: "order.replaced".into(), ..envelope.clone() };
            let changed: Vec<Envelope> = batch.iter().map(change).collect();
            self.0.publish(topic, &changed).await
        })
    }
}

/// Sends everything twice.
struct Twice(Embedded);

impl Publisher for Twice {
    fn publish<'a>(&'a self, topic: &'a str, batch: &'a [Envelope]) -> Publishing<'a> {
        Box::pin(async move {
            self.0.publish(topic, batch).await?;
            self.0.publish(topic, batch).await
        })
    }
}
