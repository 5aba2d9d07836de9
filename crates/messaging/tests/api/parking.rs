//! What cannot be handled is parked, with the later messages of its key.

use std::sync::Arc;

use database::Transaction;
use messaging::consumer::Options;
use messaging::{Consumer, Envelope, HandlerError, Publisher, dead_letters};
use tokio::sync::oneshot;

use crate::world::{
    Effects, GROUP, TOPIC, consume_all, consumer, effects, effects_of, event, events, eventually, options,
    outcome, parked, started, stuck,
};

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
