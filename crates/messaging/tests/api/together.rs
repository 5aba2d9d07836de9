//! Handling what is received at once in one transaction.

use std::sync::Arc;

use database::Database;
use messaging::{Broker, Consumer, Envelope, Publisher, Tally, audit, consumer::Options, partition};

use crate::world::{
    Effects, GROUP, TOPIC, consume_all, effects_of, enqueue, event, events, options, outcome, parked,
    relay_all, started,
};

fn together(broker: impl Broker, db: &Database, handler: &Effects) -> Consumer<Effects> {
    let options = Options { together: true, ..options() };
    Consumer::new(Arc::new(broker), TOPIC, GROUP, handler.clone(), db.clone(), options)
}

#[tokio::test]
async fn each_has_one_effect_in_its_order_in_one_commit() {
    let (_world, broker, db, handler) = started().await;
    let mut consumer = together(broker.clone(), &db, &handler);
    consumer.consume_once().await.unwrap();
    let sent = [event("a", 1), event("b", 1), event("a", 1), event("a", 2), event("b", 2)];
    broker.publish(TOPIC, &sent).await.unwrap();
    let before = db.stats().commits;
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(4, 1, 0));
    assert_eq!(db.stats().commits - before, 1);
    for order in ["a", "b"] {
        assert_eq!(effects_of(&db, order).await, [1, 2]);
    }
    broker.publish(TOPIC, &sent).await.unwrap();
    assert_eq!(consume_all(&mut consumer).await, outcome(0, 5, 0));
}

#[tokio::test]
async fn one_that_fails_parks_only_those_of_its_key() {
    let (_world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &[event("a", 1), event("b", 1), event("a", 2), event("b", 2)]).await.unwrap();
    let mut consumer = together(broker.clone(), &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 2));
    assert_eq!(effects_of(&db, "b").await, [1, 2]);
    assert!(effects_of(&db, "a").await.is_empty());
    // While a key is blocked, what comes later of it waits behind it.
    broker.publish(TOPIC, &[event("a", 3), event("b", 3)]).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 1));
    assert_eq!(parked(&db).await, 3);
}

#[tokio::test]
async fn one_that_cannot_be_read_is_parked_and_those_before_it_have_their_effect() {
    let (_world, broker, db, handler) = started().await;
    let mut consumer = together(broker.clone(), &db, &handler);
    consumer.consume_once().await.unwrap();
    let error = Envelope::from_json("<xml>").unwrap_err();
    let unreadable = Envelope::unreadable("somewhere", "<xml>", &error);
    broker.publish(TOPIC, &[event("a", 1), unreadable, event("b", 1)]).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 1));
    for order in ["a", "b"] {
        assert_eq!(effects_of(&db, order).await, [1]);
    }
}

#[tokio::test]
async fn a_gap_is_told_and_older_versions_have_no_effect() {
    let (_world, broker, db, handler) = started().await;
    let mut consumer = together(broker.clone(), &db, &handler);
    broker.publish(TOPIC, &[event("a", 2), event("b", 1)]).await.unwrap();
    consume_all(&mut consumer).await;
    broker.publish(TOPIC, &[event("a", 1), event("a", 4), event("b", 2)]).await.unwrap();
    assert_eq!(consume_all(&mut consumer).await.parked, 1);
    assert_eq!((effects_of(&db, "a").await, effects_of(&db, "b").await), (vec![2], vec![1, 2]));
}

#[tokio::test]
async fn what_is_handled_together_is_counted_as_if_it_were_alone() {
    let (world, broker, db, handler) = started().await;
    let producer = world.db("orders");
    let sent: Vec<_> = (0..30).flat_map(|n| events(&format!("order-{n}"), 1..=3)).collect();
    enqueue(&producer, &sent).await;
    relay_all(&producer, broker.clone()).await;
    consume_all(&mut together(broker, &db, &handler)).await;
    let inbox = db.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
    assert!(inbox.partitions.iter().all(audit::Handled::is_complete), "{inbox:?}");
    assert_eq!(inbox.partitions.iter().map(|row| row.handled.count).sum::<u64>(), 90);
}

/// Only messages of one key come as they were counted: those of two keys of a partition change places where the relay had to
/// send one of them again.
#[tokio::test]
async fn what_was_counted_before_the_beginning_is_not_counted_wherever_it_stands() {
    let mut others = (0..).map(|number| format!("order-{number}"));
    let other = others.find(|other| partition(other) == partition("a")).unwrap();
    let mut counted = Tally::default();
    let mut sent = Vec::new();
    for (order, version) in [("a", 1), (&*other, 1), ("a", 2), (&*other, 2)] {
        let message = event(order, version);
        counted = counted.plus(Tally::one(message.fingerprint()));
        sent.push(Envelope { tally: Some(counted), ..message });
    }
    let first = Tally::one(sent[0].fingerprint());
    for batches in [vec![vec![1, 0, 2, 3]], vec![vec![1], vec![0, 2, 3]], vec![vec![1], vec![3, 0, 2]]] {
        let (_world, broker, db, handler) = started().await;
        let mut consumer = together(broker.clone(), &db, &handler);
        for batch in &batches {
            let batch: Vec<_> = batch.iter().map(|&at| sent[at].clone()).collect();
            broker.publish(TOPIC, &batch).await.unwrap();
            assert_eq!(consumer.consume_once().await.unwrap().handled, batch.len());
        }
        let inbox = db.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
        let [row] = &*inbox.partitions else { panic!("{inbox:?}") };
        assert_eq!((row.began, row.handled), (first, counted.since(first)), "{batches:?}");
        assert!(row.is_complete(), "{batches:?}: {row:?}");
    }
}
