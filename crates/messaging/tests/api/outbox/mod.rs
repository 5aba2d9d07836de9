//! The outbox and its relay.

mod handed_over;
mod receiver;

use std::sync::Arc;
use std::time::Duration;

use database::{Error, params};
use futures_util::future::BoxFuture;
use messaging::outbox::{self, Options, Outcome, Relay};
use messaging::{Envelope, PublishError, Publisher, audit};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use receiver::{Receiver, held, waiting};

use crate::world::{World, enqueue, event, events, eventually, relay};

#[tokio::test]
async fn a_message_is_sent_only_if_its_transaction_commits() {
    let world = World::new();
    let db = world.db("orders");
    let refused = db
        .write(async |tx| {
            outbox::enqueue(tx, "t", &event("lost", 1)).await?;
            Err::<(), _>(Error::Closed)
        })
        .await;
    assert!(refused.is_err());
    enqueue(&db, &[event("a", 1)]).await;

    let receiver = Receiver::default();
    let sent = relay(&db, receiver.clone(), "r").relay_once().await.unwrap();
    assert_eq!(sent, Outcome::Sent { confirmed: 1, failed: 0 });
    assert_eq!(receiver.versions("a"), [1]);
    assert_eq!(receiver.versions("lost"), [] as [u64; 0]);
}

#[tokio::test]
async fn what_is_sent_is_what_was_put_in_with_a_tally() {
    let world = World::new();
    let db = world.db("orders");
    let full = Envelope {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        causation_id: Some(Uuid::from_u128(1)),
        actor: Some("anonymous".into()),
        ..event("a", 1)
    };
    enqueue(&db, std::slice::from_ref(&full)).await;
    let receiver = Receiver::default();
    relay(&db, receiver.clone(), "r").relay_once().await.unwrap();

    let received = receiver.first();
    let tally = received.tally.unwrap();
    assert_eq!((tally.count, tally.sum), (1, full.fingerprint()));
    assert_eq!(Envelope { tally: None, ..received }, full);
}

#[tokio::test]
async fn messages_of_a_partition_are_sent_in_their_order_and_then_taken_out() {
    let world = World::new();
    let db = world.db("orders");
    for version in 1..=20 {
        enqueue(&db, &[event("a", version), event("b", version)]).await;
    }
    let receiver = Receiver::default();
    let options = Options { batch: 7, ..Options::new("r") };
    let mut relay = Relay::new(db.clone(), Arc::new(receiver.clone()), options);
    while relay.relay_once().await.unwrap() != Outcome::Empty(None) {}
    assert!(receiver.versions("a").into_iter().eq(1..=20));
    assert!(receiver.versions("b").into_iter().eq(1..=20));
    assert_eq!(waiting(&db).await, 0);
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_change_the_order() {
    let world = World::new();
    let db = world.db("orders");
    enqueue(&db, &[event("a", 1)]).await;
    world.clock.set(0);
    enqueue(&db, &[event("a", 2)]).await;
    drop(db);
    let db = world.db("orders");
    enqueue(&db, &[event("a", 3)]).await;
    let receiver = Receiver::default();
    relay(&db, receiver.clone(), "r").relay_once().await.unwrap();
    assert_eq!(receiver.versions("a"), [1, 2, 3]);
}

#[tokio::test]
async fn a_message_that_fails_holds_back_only_its_own_key_and_is_tried_again_later() {
    let world = World::new();
    let db = world.db("orders");
    let receiver = Receiver::default();
    receiver.fail_keys(&["a"]);
    enqueue(&db, &[event("a", 1), event("b", 1), event("a", 2)]).await;
    let mut relay = relay(&db, receiver.clone(), "r");
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 2 });

    // What comes later for that key waits too, and nothing is tried before its time.
    enqueue(&db, &[event("a", 3), event("b", 2)]).await;
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 0 });
    let Outcome::Empty(Some(retry_in)) = relay.relay_once().await.unwrap() else { panic!("nothing is due") };
    assert!(retry_in <= Duration::from_millis(50));
    let held = held(&db).await;
    assert_eq!((held.len(), &*held[0].key, held[0].failures), (1, "a", 1));
    assert_eq!(held[0].error, "422 Unprocessable");

    receiver.fail_keys(&[]);
    world.a_minute_passes();
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 3, failed: 0 });
    assert_eq!((receiver.versions("a"), receiver.versions("b")), (vec![1, 2, 3], vec![1, 2]));
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Empty(None));
    assert_eq!(self::held(&db).await, []);
}

#[tokio::test]
async fn attempts_at_a_key_come_further_and_further_apart() {
    let world = World::new();
    let db = world.db("orders");
    let receiver = Receiver::default();
    receiver.fail_keys(&["a"]);
    enqueue(&db, &[event("a", 1)]).await;
    let mut relay = relay(&db, receiver, "r");
    let mut waits = Vec::new();
    for _ in 0..5 {
        assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 0, failed: 1 });
        let Outcome::Empty(Some(wait)) = relay.relay_once().await.unwrap() else { panic!("nothing is due") };
        waits.push(wait);
        world.clock.advance(wait);
    }
    assert!(waits.is_sorted() && waits[4] > waits[0] * 4, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_cannot_be_sent_to_does_not_hold_up_another() {
    let world = World::inline();
    let db = world.db("orders");
    let receiver = Receiver::default();
    receiver.fail_topics(&["dead"]);
    let put = async |topic: &'static str, version: u64| {
        let put = async move |tx: &mut _| outbox::enqueue(tx, topic, &event("a", version)).await;
        db.write(put).await.unwrap();
    };
    put("dead", 1).await;
    put("alive", 2).await;
    let mut relay = relay(&db, receiver.clone(), "r");
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 1 });
    put("alive", 3).await;
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 0 });
    assert!(matches!(relay.relay_once().await.unwrap(), Outcome::Empty(Some(_))));

    receiver.fail_topics(&[]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(relay.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 0 });
    assert_eq!(receiver.versions("a"), [2, 3, 1]);
}

/// Publishes, and never says so.
struct Silent(Receiver, Arc<Notify>);

impl Publisher for Silent {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(async move {
            self.0.publish(topic, batch).await?;
            self.1.notify_one();
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn a_crash_between_publishing_and_marking_sends_again_and_counts_once() {
    let world = World::new();
    let receiver = Receiver::default();
    let db = world.db("orders");
    enqueue(&db, &events("a", 1..=3)).await;
    let published = Arc::new(Notify::new());
    let mut crashing = relay(&db, Silent(receiver.clone(), Arc::clone(&published)), "before");
    tokio::select! {
        biased;
        _ = crashing.relay_once() => unreachable!("it is never confirmed"),
        () = published.notified() => {}
    }
    drop((crashing, db));

    let db = world.db("orders");
    world.a_minute_passes();
    relay(&db, receiver.clone(), "after").relay_once().await.unwrap();
    assert_eq!(receiver.versions("a"), [1, 2, 3, 1, 2, 3]);
    let audit = db.read(async |tx| audit::of_outbox(tx).await).await.unwrap();
    assert_eq!(audit.partitions[0].published.count, 3);
    assert_eq!(audit.partitions[0].published, audit.partitions[0].enqueued);
}

#[tokio::test]
async fn a_second_relay_stands_by_until_the_lease_ends() {
    let world = World::new();
    let (db, receiver) = (world.db("orders"), Receiver::default());
    let (mut first, mut second) =
        (relay(&db, receiver.clone(), "first"), relay(&db, receiver.clone(), "second"));
    enqueue(&db, &[event("a", 1)]).await;
    assert_eq!(first.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 0 });
    enqueue(&db, &[event("a", 2)]).await;
    assert_eq!(second.relay_once().await.unwrap(), Outcome::Standby);
    world.a_minute_passes();
    assert_eq!(second.relay_once().await.unwrap(), Outcome::Sent { confirmed: 1, failed: 0 });
    assert_eq!(receiver.versions("a"), [1, 2]);
}

#[tokio::test]
async fn a_relay_that_has_lost_its_lease_marks_nothing() {
    let world = World::new();
    let (db, receiver) = (world.db("orders"), Receiver::default());
    let (mut first, mut second) =
        (relay(&db, receiver.clone(), "first"), relay(&db, receiver.clone(), "second"));
    enqueue(&db, &[event("a", 1)]).await;
    first.relay_once().await.unwrap();
    world.a_minute_passes();
    enqueue(&db, &[event("a", 2)]).await;
    second.relay_once().await.unwrap();

    // The first believes that it still has the lease, since too little real time has passed.
    enqueue(&db, &[event("a", 3)]).await;
    assert!(matches!(first.relay_once().await, Err(Error::LeaseLost { .. })));
    assert_eq!(waiting(&db).await, 1);
    assert_eq!(first.relay_once().await.unwrap(), Outcome::Standby, "it knows better now");
    second.relay_once().await.unwrap();
    assert_eq!(receiver.versions("a"), [1, 2, 3, 3]);
}

#[tokio::test]
async fn a_relay_is_woken_by_the_commit_and_drains_at_the_end() {
    let world = World::new();
    let (db, receiver) = (world.db("orders"), Receiver::default());
    let options = Options { poll: Duration::from_secs(3600), ..Options::new("r") };
    let relay = Relay::new(db.clone(), Arc::new(receiver.clone()), options);
    let handle = relay.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(relay.run(async { drop(stopped.await) }));

    for version in 1..=3 {
        let handle = handle.clone();
        let put = async move |tx: &mut _| handle.enqueue(tx, "t", &event("a", version)).await;
        db.write(put).await.unwrap();
        let expected = usize::try_from(version).unwrap();
        eventually(async || receiver.count() == expected).await;
    }
    // Nobody wakes it for these.
    enqueue(&db, &events("a", 4..=6)).await;
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(receiver.versions("a"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(waiting(&db).await, 0);
}

#[tokio::test]
async fn a_relay_that_drains_does_not_wait_for_who_is_away() {
    let world = World::new();
    let (db, receiver) = (world.db("orders"), Receiver::default());
    receiver.fail_topics(&[crate::world::TOPIC]);
    enqueue(&db, &[event("a", 1)]).await;
    relay(&db, receiver, "r").run(async {}).await;
    assert_eq!(waiting(&db).await, 1);
}

#[tokio::test]
async fn a_relay_that_has_stopped_leaves_its_lease_to_the_next() {
    let world = World::new();
    let (db, receiver) = (world.db("orders"), Receiver::default());
    enqueue(&db, &[event("a", 1)]).await;
    relay(&db, receiver.clone(), "first").run(async {}).await;
    enqueue(&db, &[event("a", 2)]).await;
    let second = relay(&db, receiver, "second").relay_once().await.unwrap();
    assert_eq!(second, Outcome::Sent { confirmed: 1, failed: 0 });
}

#[tokio::test]
async fn the_oldest_message_tells_how_far_behind_the_relay_is() {
    let world = World::new();
    let db = world.db("orders");
    let oldest = async || db.read(async |tx| outbox::oldest(tx).await).await.unwrap();
    assert_eq!(oldest().await, None);
    let first = db.now();
    enqueue(&db, &[event("a", 1)]).await;
    world.a_minute_passes();
    let other = async |tx: &mut _| outbox::enqueue(tx, "another", &event("a", 1)).await;
    db.write(other).await.unwrap();
    assert_eq!(oldest().await, Some(first));
}

#[tokio::test]
async fn the_rows_are_what_debezium_expects() {
    database::statements! {
        const ROW: "SELECT id, aggregatetype, aggregateid, type, payload FROM outbox";
    }
    let world = World::new();
    let db = world.db("orders");
    enqueue(&db, &[event("a", 7)]).await;
    let row: (Uuid, String, String, String, String) = db
        .read(async |tx| {
            tx.query_one(ROW, params![], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .await
        })
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"));
    assert_eq!(row, (event("a", 7).id, "order".into(), "a".into(), "order.changed".into(), "7".into()));
}
