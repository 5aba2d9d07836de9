//! What happens to aggregates is told by messages, one for each change.

use std::sync::Arc;
use std::time::Duration;

use aggregate::{Aggregate, Change, Repository, Versioned, decide};
use database::{Error, Transaction};
use messaging::outbox::Handle;
use messaging::publishing::{self, Content, Publishing};
use messaging::{Broker, Data, Envelope};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::world::{SOURCE, TOPIC, World, relay_all};

/// A door counts how often it was used.
#[derive(Clone, Debug, Default, PartialEq)]
struct Door {
    used: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Opened,
    Shut,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Door {
    const NAME: &'static str = "door";
    type Id = u32;
    type Scope = ();
    type Command = ();
    type Event = Event;
    type Refusal = Never;

    fn decide(&self, (): &()) -> Result<Vec<Event>, Never> {
        Ok(vec![Event::Opened, Event::Shut])
    }

    fn evolve(&mut self, _: &Event) {
        self.used += 1;
    }
}

/// Keeps nothing.
struct Nowhere;

impl Repository<Door> for Nowhere {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(&self, _: &mut Transaction, ids: &[u32], (): &()) -> Result<Vec<Versioned<Door>>, Error> {
        Ok(ids.iter().map(|_| Versioned::default()).collect())
    }

    async fn save(&self, _: &mut Transaction, _: &[Change<Door>]) -> Result<(), Error> {
        Ok(())
    }
}

/// How often the door was used, and nothing else.
#[derive(Clone, Copy, Debug)]
struct Use;

impl Content<Door> for Use {
    fn kind(&self, change: &Change<Door>) -> String {
        format!("door.used_{}_times", change.events.len())
    }

    fn data(&self, change: &Change<Door>) -> Result<Data, serde_json::Error> {
        Data::of(&json!({ "door": change.id, "used": change.after.used }))
    }
}

/// What is told of door 7, which is used once, and once more.
async fn told<C: Content<Door>>(doors: Publishing<Nowhere, C>) -> Vec<Envelope> {
    let world = World::new();
    let (broker, db) = (world.broker().await, world.db("doors"));
    let mut subscription = broker.subscribe(TOPIC, "porter", 0..broker.lanes()).await.unwrap();
    let doors = Arc::new(doors);
    let mut door = Versioned::<Door>::default();
    for _ in 0..2 {
        let change = decide(7, &door, &()).unwrap().unwrap();
        door = change.result();
        let doors = doors.clone();
        db.write::<_, Error, _>(async move |tx| doors.save(tx, std::slice::from_ref(&change)).await)
            .await
            .unwrap();
    }
    relay_all(&db, broker.clone()).await;
    let deliveries = subscription.receive(100, Duration::ZERO).await.unwrap();
    deliveries.into_iter().map(|delivery| delivery.envelope).collect()
}

fn doors() -> Publishing<Nowhere> {
    Publishing::new(Nowhere, Handle::default(), TOPIC, SOURCE)
}

#[tokio::test]
async fn a_change_is_told_by_one_message_that_follows_the_one_before() {
    let told = told(doors()).await;
    let chain: Vec<_> =
        told.iter().map(|it| (&*it.kind, &*it.subject, it.previous_version, it.version)).collect();
    let expected = [("door.changed", "7", Some(0), Some(2)), ("door.changed", "7", Some(2), Some(4))];
    assert_eq!(chain, expected);
    let events: Vec<(u64, Event)> = publishing::events(&told[1]).unwrap();
    assert_eq!(events, [(3, Event::Opened), (4, Event::Shut)]);
}

#[tokio::test]
async fn what_a_message_carries_can_be_chosen() {
    let told = told(doors().carrying(Use)).await;
    let carried: Vec<(&str, serde_json::Value)> =
        told.iter().map(|it| (&*it.kind, it.data.parse().unwrap())).collect();
    let used = |times| ("door.used_2_times", json!({ "door": 7, "used": times }));
    assert_eq!(carried, [used(2), used(4)]);
}

#[tokio::test]
async fn a_change_that_is_told_again_is_the_same_message() {
    let ids = async || told(doors()).await.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids().await, ids().await);
}

#[test]
fn what_is_no_list_of_events_is_refused() {
    let message = |data| Envelope::new(uuid::Uuid::nil(), SOURCE, "door.changed", "7", 0, data);
    assert!(publishing::events::<Event>(&message(Data::default())).is_err());
    assert_eq!(publishing::events::<Event>(&message(Data::of::<[Event; 0]>(&[]).unwrap())).unwrap(), []);
}
