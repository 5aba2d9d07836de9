//! What is handed over to the relay at the commit is sent without being read back.

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use messaging::Envelope;
use messaging::outbox::{self, Options, Relay};
use tokio::sync::oneshot;

use super::receiver::{Receiver, held, waiting};
use crate::world::{TOPIC, World, enqueue, event, eventually};

/// A relay that is running, and by itself looks into the outbox once an hour.
struct Running {
    db: Database,
    handle: outbox::Handle,
    receiver: Receiver,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(world: &World, options: Options) -> Self {
        let (db, receiver) = (world.db("orders"), Receiver::default());
        let options = Options { poll: Duration::from_secs(3600), ..options };
        let relay = Relay::new(db.clone(), Arc::new(receiver.clone()), options);
        let handle = relay.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(relay.run(async { drop(stopped.await) }));
        Self { db, handle, receiver, stop, ended }
    }

    /// Puts an event in, and hands it over.
    async fn put(&self, event: Envelope) {
        let handle = self.handle.clone();
        self.db.write(async move |tx: &mut _| handle.enqueue(tx, TOPIC, &event).await).await.unwrap();
    }

    async fn until_sent(&self, messages: usize) {
        eventually(async || self.receiver.count() >= messages && waiting(&self.db).await == 0).await;
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_handed_over_is_sent_in_its_order_and_the_outbox_not_read_for_it() {
    let world = World::new();
    let relay = Running::start(&world, Options { batch: 3, ..Options::new("r") });
    relay.put(event("a", 1)).await;
    relay.until_sent(1).await;
    let reads = relay.db.stats().reads;
    for version in 2..=20 {
        relay.put(event("a", version)).await;
    }
    eventually(async || relay.receiver.count() == 20).await;
    assert_eq!(relay.db.stats().reads, reads);
    assert_eq!(relay.receiver.versions("a"), Vec::from_iter(1..=20));
    relay.until_sent(20).await;
    relay.stop().await;
}

#[tokio::test]
async fn what_another_replica_put_in_before_is_sent_before() {
    let world = World::new();
    let relay = Running::start(&world, Options::new("r"));
    let other = world.db("orders");
    for version in (1..=19).step_by(2) {
        relay.put(event("a", version)).await;
        // Nobody hands this one over.
        enqueue(&other, &[event("a", version + 1)]).await;
    }
    relay.put(event("a", 21)).await;
    relay.until_sent(21).await;
    let mut versions = relay.receiver.versions("a");
    versions.dedup();
    assert_eq!(versions, Vec::from_iter(1..=21));
    relay.stop().await;
}

#[tokio::test]
async fn what_is_handed_over_does_not_overtake_what_failed() {
    let world = World::new();
    let relay = Running::start(&world, Options::new("r"));
    relay.put(event("a", 1)).await;
    relay.until_sent(1).await;
    relay.receiver.fail_keys(&["a"]);
    relay.put(event("a", 2)).await;
    eventually(async || held(&relay.db).await.len() == 1).await;
    relay.receiver.fail_keys(&[]);
    relay.put(event("a", 3)).await;
    relay.put(event("b", 1)).await;
    eventually(async || relay.receiver.versions("b") == [1]).await;
    assert_eq!(relay.receiver.versions("a"), [1], "its next attempt is later");
    world.a_minute_passes();
    relay.handle.wake();
    relay.until_sent(4).await;
    assert_eq!(relay.receiver.versions("a"), [1, 2, 3]);
    relay.stop().await;
}
