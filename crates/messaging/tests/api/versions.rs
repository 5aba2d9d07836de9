//! The chain of an aggregate's versions: holes are waited for, what is older has no effect.

use messaging::{Envelope, Publisher, dead_letters};

use crate::world::{
    TOPIC, consume_all, consumer, effects, effects_of, event, events, outcome, started, stuck,
};

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
    assert_eq!(done, outcome(2, 2, 0), "of a key the older come first: they were handled");
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
