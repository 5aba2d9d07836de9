//! What an observer is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use messaging::observe::Fate;
use messaging::{Envelope, Observer, Publisher};

use crate::world::{TOPIC, World, consume_all, consumer, enqueue, event, events, relay, started};

/// Remembers what it was told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<(String, usize, Duration)>,
    relayed: Vec<(usize, usize)>,
    received: usize,
    fates: BTreeMap<(String, u64), Vec<Fate>>,
}

impl Told {
    fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(self.clone())
    }

    fn fates(&self, order: &str) -> Vec<Vec<Fate>> {
        let state = self.0.lock().unwrap();
        state.fates.iter().filter(|((of, _), _)| of == order).map(|(_, fates)| fates.clone()).collect()
    }
}

impl Observer for Told {
    fn sent(&self, topic: &str, message: &Envelope, bytes: usize, waited: Duration) {
        assert_eq!(topic, TOPIC);
        self.0.lock().unwrap().sent.push((message.subject.clone(), bytes, waited));
    }

    fn relayed(&self, _: &str, confirmed: usize, failed: usize) {
        self.0.lock().unwrap().relayed.push((confirmed, failed));
    }

    fn received(&self, _: &str, _: &Envelope) {
        self.0.lock().unwrap().received += 1;
    }

    fn processed(&self, _: &str, message: &Envelope, fate: Fate, _: Duration) {
        let key = (message.subject.clone(), message.version.unwrap_or(0));
        self.0.lock().unwrap().fates.entry(key).or_default().push(fate);
    }
}

#[tokio::test]
async fn what_is_sent_is_told_with_its_size_and_how_long_it_has_waited() {
    let (world, broker, _, _) = started().await;
    let db = world.db("orders");
    enqueue(&db, &events("a", 1..=2)).await;
    world.a_minute_passes();
    let told = Told::default();
    relay(&db, broker, "r").observed(told.observer()).relay_once().await.unwrap();
    let state = told.0.lock().unwrap();
    assert_eq!(state.relayed, [(2, 0)]);
    assert_eq!(state.sent.len(), 2);
    for (order, bytes, waited) in &state.sent {
        assert_eq!(order, "a");
        assert!((100..1000).contains(bytes), "{bytes}");
        assert!(*waited >= Duration::from_secs(60), "{waited:?}");
    }
}

#[tokio::test]
async fn a_topic_that_cannot_be_sent_to_is_told_as_a_failure() {
    let world = World::new();
    let (broker, db) = (world.broker().await, world.db("orders"));
    broker.close().await;
    enqueue(&db, &events("a", 1..=3)).await;
    let told = Told::default();
    relay(&db, broker, "r").observed(told.observer()).relay_once().await.unwrap();
    assert_eq!(told.0.lock().unwrap().relayed, [(0, 3)]);
    assert!(told.0.lock().unwrap().sent.is_empty());
}

#[tokio::test]
async fn every_attempt_at_a_message_is_told_with_what_became_of_it() {
    let (world, broker, db, handler) = started().await;
    broker.publish(TOPIC, &[event("a", 1), event("b", 1), event("b", 2), event("a", 1)]).await.unwrap();
    handler.fail(&["b"]);
    let told = Told::default();
    let mut consumer = consumer(broker, &db, &handler).observed(told.observer());
    consume_all(&mut consumer).await;
    assert_eq!(told.fates("a"), [vec![Fate::Handled, Fate::Duplicate]]);
    assert_eq!(told.fates("b"), [vec![Fate::Failed], vec![Fate::Parked]]);
    assert_eq!(told.0.lock().unwrap().received, 4);

    handler.fail(&[]);
    world.a_minute_passes();
    consume_all(&mut consumer).await;
    assert_eq!(
        told.fates("b"),
        [vec![Fate::Failed, Fate::Handled], vec![Fate::Parked, Fate::Handled]],
        "tried again in their order"
    );
}
