//! Messages that come at once share transactions, whatever their keys.

use std::sync::Arc;

use database::{Database, Transaction};
use messaging::consumer::{Enriched, Handler};
use messaging::{Consumer, Embedded, Envelope, HandlerError, Publisher};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::world::{
    Effects, GROUP, TOPIC, consumer, effects_of, event, events, eventually, options, outcome, parked, started,
};

#[tokio::test]
async fn they_share_one_and_come_in_the_order_of_their_keys() {
    let (_world, broker, db, handler) = started().await;
    let mut consumer = consumer(broker.clone(), &db, &handler);
    consumer.consume_once().await.unwrap();
    let sent = [event("a", 1), event("b", 1), event("c", 1), event("b", 2), event("c", 2)];
    broker.publish(TOPIC, &sent).await.unwrap();
    let before = db.stats().committed;
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(5, 0, 0));
    assert_eq!(db.stats().committed - before, 1);
    assert_eq!((effects_of(&db, "b").await, effects_of(&db, "c").await), (vec![1, 2], vec![1, 2]));

    broker.publish(TOPIC, &sent).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 5, 0));
}

#[tokio::test]
async fn more_of_one_key_than_share_a_transaction_are_handled_beside_them() {
    let (_world, broker, db, handler) = started().await;
    let sent = [events("a", 1..=100), vec![event("b", 1)]].concat();
    broker.publish(TOPIC, &sent).await.unwrap();
    let mut consumer = consumer(broker, &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(101, 0, 0));
    assert_eq!(effects_of(&db, "a").await, Vec::from_iter(1..=100));
    assert_eq!(effects_of(&db, "b").await, [1]);
}

#[tokio::test]
async fn the_journal_tells_of_each_that_it_came() {
    let (_world, broker, db, handler) = started().await;
    let subjects = [1, 2, 3].map(Uuid::from_u128);
    let about =
        |subject: Uuid| Envelope { correlation_id: Some(subject), ..event(&format!("about {subject}"), 1) };
    broker.publish(TOPIC, &subjects.map(about)).await.unwrap();
    consumer(broker, &db, &handler).consume_once().await.unwrap();
    for subject in subjects {
        let told = db.read(async move |tx| journal::read(tx, subject, 9).await).await.unwrap();
        let [written] = &*told.written else { panic!("{told:?}") };
        assert_eq!(written.records[0].cause, Some(about(subject).id));
    }
}

#[tokio::test]
async fn one_that_fails_parks_only_those_of_its_key() {
    let (_world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &[event("b", 1), event("a", 1), event("a", 2), event("c", 1)]).await.unwrap();
    let mut consumer = consumer(broker.clone(), &db, &handler);
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 2));
    let all = ["a", "b", "c"].map(|key| effects_of(&db, key));
    let [a, b, c]: [Vec<u64>; 3] = futures_util::future::join_all(all).await.try_into().unwrap();
    assert_eq!((a, b, c), (vec![], vec![1], vec![1]), "and none of the others comes twice");
    // While a key is blocked, what comes later of it waits behind it, and others need no transaction more for that.
    broker.publish(TOPIC, &[event("a", 3), event("b", 2)]).await.unwrap();
    let before = db.stats().committed;
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(1, 0, 1));
    assert_eq!((parked(&db).await, db.stats().committed - before), (3, 1));
}

/// Fetches nothing, but takes its time for some keys, and has nothing for others.
#[derive(Clone, Default)]
struct Fetching {
    effects: Effects,
    released: Arc<Notify>,
}

impl Enriched for Fetching {
    type Facts = ();

    async fn enrich(&self, message: &Envelope) -> Result<(), HandlerError> {
        match &*message.subject {
            "slow" => self.released.notified().await,
            "gone" => return Err(HandlerError::Hopeless("it is gone".into())),
            _ => {}
        }
        Ok(())
    }

    async fn handle(&self, tx: &mut Transaction, message: &Envelope, (): &()) -> Result<(), HandlerError> {
        Handler::handle(&self.effects, tx, message).await
    }
}

impl Fetching {
    fn consumer(&self, broker: &Embedded, db: &Database) -> Consumer<Self> {
        Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, self.clone(), db.clone(), options())
    }
}

#[tokio::test]
async fn none_waits_for_what_is_fetched_for_another_key() {
    let (_world, broker, db, _) = started().await;
    let fetching = Fetching::default();
    broker.publish(TOPIC, &[event("slow", 1), event("a", 1), event("b", 1)]).await.unwrap();
    let mut consumer = fetching.consumer(&broker, &db);
    let before = db.stats().committed;
    let others = async {
        eventually(async || effects_of(&db, "b").await == [1]).await;
        assert_eq!((effects_of(&db, "a").await, effects_of(&db, "slow").await), (vec![1], vec![]));
        fetching.released.notify_one();
    };
    let (consumed, ()) = tokio::join!(consumer.consume_once(), others);
    assert_eq!((consumed.unwrap(), effects_of(&db, "slow").await), (outcome(3, 0, 0), vec![1]));
    assert_eq!(db.stats().committed - before, 2, "those that were not slow, and the one that was");
}

#[tokio::test]
async fn one_for_which_nothing_can_be_fetched_is_parked_and_the_others_share_a_transaction() {
    let (_world, broker, db, _) = started().await;
    broker.publish(TOPIC, &[event("gone", 1), event("a", 1), event("b", 1)]).await.unwrap();
    let before = db.stats().committed;
    let consumed = Fetching::default().consumer(&broker, &db).consume_once().await.unwrap();
    assert_eq!((consumed, db.stats().committed - before), (outcome(2, 0, 1), 2));
}
