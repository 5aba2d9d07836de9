//! Looking after what is parked.

use database::{Database, Error};
use messaging::dead_letters::{self, DeadLetter, Discard};
use messaging::{Broker, Embedded, Publisher, audit};
use uuid::Uuid;

use crate::world::{Effects, GROUP, TOPIC, World, consume_all, consumer, effects_of, event, events};

/// A billing service that has parked orders `a` (three messages) and `b` (one), and has handled `c`.
struct Parked {
    world: World,
    broker: Embedded,
    db: Database,
    handler: Effects,
}

impl Parked {
    async fn new() -> Self {
        let world = World::new();
        let (broker, db, handler) = (world.broker().await, world.db("billing"), Effects::default());
        broker.register(TOPIC, GROUP).await.unwrap();
        handler.not_know(&["order.changed"]);
        broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
        let parked = Self { world, broker, db, handler };
        parked.consume().await;
        parked.world.a_minute_passes();
        parked.broker.publish(TOPIC, &events("b", 1..=1)).await.unwrap();
        parked.consume().await;
        parked.handler.not_know(&[]);
        parked.broker.publish(TOPIC, &events("c", 1..=1)).await.unwrap();
        parked.consume().await;
        parked
    }

    async fn consume(&self) {
        consume_all(&mut consumer(self.broker.clone(), &self.db, &self.handler)).await;
    }

    async fn list(&self) -> Vec<DeadLetter> {
        self.db.read(async |tx| dead_letters::list(tx, 10).await).await.unwrap()
    }

    async fn show(&self, id: Uuid) -> Vec<DeadLetter> {
        self.db.read(async move |tx| dead_letters::show(tx, id).await).await.unwrap()
    }

    async fn retry(&self, id: Uuid) -> u64 {
        self.db.write(async move |tx| dead_letters::retry(tx, id).await).await.unwrap()
    }

    async fn discard(&self, id: Uuid) -> u64 {
        let discard = async move |tx: &mut _| dead_letters::discard(tx, id, "ada", "sent by mistake").await;
        self.db.write(discard).await.unwrap()
    }

    async fn discards(&self) -> Vec<Discard> {
        self.db.read(async |tx| dead_letters::discards(tx, 10).await).await.unwrap()
    }
}

#[tokio::test]
async fn the_first_message_of_each_key_is_listed_with_what_it_waits_for() {
    let parked = Parked::new().await;
    let letters = parked.list().await;
    let seen: Vec<_> =
        letters.iter().map(|letter| (&*letter.subject, letter.id, letter.ahead, letter.behind)).collect();
    assert_eq!(seen, [("a", event("a", 1).id, 0, 2), ("b", event("b", 1).id, 0, 0)]);
    let first = &letters[0];
    assert_eq!((&*first.consumer, &*first.topic, &*first.kind), (GROUP, TOPIC, "order.changed"));
    assert_eq!(
        (first.failures, first.retry_at, &*first.error),
        (1, None, "the type of the message is not known")
    );
    assert_eq!(first.envelope, event("a", 1));
}

#[tokio::test]
async fn a_message_behind_the_first_is_shown_with_its_place() {
    let parked = Parked::new().await;
    let shown = parked.show(event("a", 2).id).await;
    assert_eq!((shown.len(), shown[0].ahead, shown[0].behind), (1, 1, 1));
    assert_eq!(shown[0].envelope, event("a", 2));
    assert_eq!(parked.show(event("c", 1).id).await, []);
}

#[tokio::test]
async fn a_retry_handles_the_whole_sequence_in_its_order() {
    let parked = Parked::new().await;
    assert_eq!(parked.retry(event("a", 2).id).await, 1);
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "a").await, [1, 2, 3]);
    assert_eq!(effects_of(&parked.db, "b").await, [] as [u64; 0], "only that key");
    assert_eq!(parked.retry(event("a", 2).id).await, 0, "it is not parked any more");
}

#[tokio::test]
async fn a_retry_that_fails_has_all_its_attempts_again() {
    let parked = Parked::new().await;
    parked.handler.fail(&["a"]);
    parked.retry(event("a", 1).id).await;
    parked.consume().await;
    let letter = &parked.list().await[0];
    assert_eq!((letter.failures, letter.retry_at.is_some()), (1, true));
}

#[tokio::test]
async fn discarding_the_first_lets_the_others_go_on() {
    let parked = Parked::new().await;
    assert_eq!(parked.discard(event("a", 1).id).await, 1);
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "a").await, [2, 3]);
    assert_eq!(parked.list().await.len(), 1);
}

#[tokio::test]
async fn discarding_the_last_unblocks_the_key() {
    let parked = Parked::new().await;
    parked.discard(event("b", 1).id).await;
    parked.broker.publish(TOPIC, &[event("b", 2)]).await.unwrap();
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "b").await, [2]);
}

#[tokio::test]
async fn discarding_one_in_the_middle_waits_for_the_first_and_leaves_no_gap() {
    let parked = Parked::new().await;
    parked.discard(event("a", 2).id).await;
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "a").await, [] as [u64; 0], "the first is still parked");
    parked.retry(event("a", 1).id).await;
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "a").await, [1, 3]);
    parked.broker.publish(TOPIC, &[event("a", 4)]).await.unwrap();
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "a").await, [1, 3, 4]);
}

#[tokio::test]
async fn what_was_discarded_is_never_handled_and_who_did_it_is_remembered() {
    let parked = Parked::new().await;
    let at = parked.db.now();
    parked.discard(event("b", 1).id).await;
    parked.broker.publish(TOPIC, &events("b", 1..=1)).await.unwrap();
    parked.consume().await;
    assert_eq!(effects_of(&parked.db, "b").await, [] as [u64; 0]);

    let discards = parked.discards().await;
    let [discard] = &discards[..] else { panic!("{discards:?}") };
    assert_eq!((&*discard.by, &*discard.reason, discard.at), ("ada", "sent by mistake", at));
    assert_eq!((&*discard.subject, discard.version, discard.id), ("b", Some(1), event("b", 1).id));
    let audit = parked.db.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
    assert_eq!((audit.parked, audit.stuck, audit.discarded), (3, 1, 1));
}

#[tokio::test]
async fn discarding_what_is_not_parked_does_nothing() {
    let parked = Parked::new().await;
    assert_eq!(parked.discard(event("c", 1).id).await, 0);
    assert_eq!(parked.discards().await, []);
}

#[tokio::test]
async fn a_discard_that_is_rolled_back_did_not_happen() {
    let parked = Parked::new().await;
    let id = event("b", 1).id;
    let rolled_back = async move |tx: &mut _| {
        dead_letters::discard(tx, id, "ada", "sent by mistake").await?;
        Err::<(), _>(Error::Closed)
    };
    parked.db.write(rolled_back).await.unwrap_err();
    assert_eq!((parked.discards().await.len(), parked.list().await.len()), (0, 2));
}
