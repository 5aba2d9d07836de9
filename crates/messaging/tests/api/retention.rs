//! Forgetting which messages were handled and discarded: counts stay, and so does whatever a later message needs.

use std::collections::BTreeMap;

use database::{Database, Error, Transaction};
use messaging::audit::{self, InboxAudit};
use messaging::{Broker, Data, Envelope, Publisher, dead_letters, inbox};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use uuid::Uuid;

use crate::world::{
    Effects, GROUP, SOURCE, TOPIC, World, commands, consume_all, consumer, effects_of, enqueue, event,
    events, relay_all, started,
};

const SECOND: i64 = 1_000_000;

/// What is forgotten of messages and of discards from before so many microseconds ago.
async fn forget(db: &Database, ago: i64, limit: u64) -> (u64, u64) {
    let work = async move |tx: &mut Transaction| {
        let before = tx.now() - ago;
        let oldest = (inbox::oldest(tx).await?, dead_letters::oldest(tx).await?);
        let forgotten =
            (inbox::forget(tx, before, limit).await?, dead_letters::forget(tx, before, limit).await?);
        let due = |oldest: Option<i64>| oldest.is_some_and(|oldest| oldest < before);
        assert_eq!(
            (due(oldest.0), due(oldest.1)),
            (forgotten.0 > 0, forgotten.1 > 0),
            "it is told what is due"
        );
        Ok::<_, Error>(forgotten)
    };
    db.write(work).await.unwrap()
}

async fn audited(db: &Database) -> InboxAudit {
    db.read(async |tx| audit::of_inbox(tx).await).await.unwrap()
}

#[tokio::test]
async fn what_was_handled_long_ago_is_forgotten_the_oldest_first() {
    let (world, broker, db, handler) = started().await;
    let mut consumer = consumer(broker.clone(), &db, &handler);
    for number in 1..=3 {
        broker.publish(TOPIC, &commands("a", number..=number)).await.unwrap();
        consume_all(&mut consumer).await;
        world.a_minute_passes();
    }
    assert_eq!(forget(&db, 180 * SECOND, 9).await, (0, 0), "not a moment before");
    assert_eq!(forget(&db, 119 * SECOND, 1).await, (1, 0));
    assert_eq!(forget(&db, 119 * SECOND, 9).await, (1, 0));
    assert_eq!(forget(&db, 119 * SECOND, 9).await, (0, 0));
}

#[tokio::test]
async fn both_sides_agree_after_everything_was_forgotten() {
    let world = World::new();
    let (broker, producer, billing) = (world.broker().await, world.db("orders"), world.db("billing"));
    broker.register(TOPIC, GROUP).await.unwrap();
    let handler = Effects::default();
    let mut consumer = consumer(broker.clone(), &billing, &handler);
    for numbers in [1..=4, 5..=8] {
        enqueue(&producer, &commands("a", numbers)).await;
        relay_all(&producer, broker.clone()).await;
        consume_all(&mut consumer).await;
        world.a_minute_passes();
        let before = audited(&billing).await;
        assert_eq!(forget(&billing, SECOND, 9).await, (4, 0));
        let (outbox, inbox) =
            (producer.read(async |tx| audit::of_outbox(tx).await).await, audited(&billing).await);
        assert_eq!(inbox, before);
        assert!(inbox.partitions.iter().all(audit::Handled::is_complete));
        assert_eq!(audit::compare(&BTreeMap::from([(SOURCE.to_owned(), outbox.unwrap())]), &[inbox]), []);
    }
}

#[tokio::test]
async fn messages_with_versions_are_known_by_those_for_good() {
    let (world, broker, db, handler) = started().await;
    let mut consumer = consumer(broker.clone(), &db, &handler);
    broker.publish(TOPIC, &events("a", 1..=2)).await.unwrap();
    consume_all(&mut consumer).await;
    world.a_minute_passes();
    assert_eq!(forget(&db, SECOND, 9).await, (0, 0));
    // What comes again is older than the aggregate, and what is missing is missed.
    broker.publish(TOPIC, &[event("a", 1), event("a", 2), event("a", 4)]).await.unwrap();
    consume_all(&mut consumer).await;
    assert_eq!(effects_of(&db, "a").await, [1, 2]);
    broker.publish(TOPIC, &[event("a", 3)]).await.unwrap();
    consume_all(&mut consumer).await;
    world.a_minute_passes();
    consume_all(&mut consumer).await;
    assert_eq!(effects_of(&db, "a").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_discard_is_kept_until_its_aggregate_is_past_it() {
    let (world, broker, db, handler) = started().await;
    let mut consumer = consumer(broker.clone(), &db, &handler);
    let command = Envelope::new(Uuid::from_u128(1), SOURCE, "order.changed", "c", 0, Data::default());
    handler.not_know(&["order.changed"]);
    broker.publish(TOPIC, &[event("a", 1), event("a", 2), command.clone()]).await.unwrap();
    consume_all(&mut consumer).await;
    for id in [event("a", 2).id, command.id] {
        let discard =
            async move |tx: &mut Transaction| dead_letters::discard(tx, id, "ada", "sent by mistake").await;
        assert_eq!(db.write(discard).await.unwrap(), 1);
    }
    world.a_minute_passes();
    let before = audited(&db).await;
    assert_eq!(forget(&db, SECOND, 9).await, (2, 1), "the command is in no chain");
    assert_eq!(audited(&db).await, InboxAudit { discarded: 1, ..before });

    // The first version is still parked, and the third waits for the second unless it is known to be discarded.
    handler.not_know(&[]);
    let first = event("a", 1).id;
    db.write(async move |tx: &mut Transaction| dead_letters::retry(tx, first).await).await.unwrap();
    consume_all(&mut consumer).await;
    assert_eq!(forget(&db, 0, 9).await.1, 0, "the aggregate is at version 1");
    broker.publish(TOPIC, &[event("a", 3)]).await.unwrap();
    consume_all(&mut consumer).await;
    assert_eq!(effects_of(&db, "a").await, [1, 3]);
    world.a_minute_passes();
    assert_eq!(forget(&db, SECOND, 9).await.1, 1);
}

/// What can happen to a consumer.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A message comes, for the first time or again.
    Message(u8),
    /// So many seconds pass.
    Pass(i64),
    /// The cleaner comes by, and forgets so many.
    Forget(u64),
}

const KEEP: i64 = 30 * SECOND;

/// Messages that are in no chain of versions, as commands are not: nothing but the memory of their ids keeps them from
/// having a second effect.
#[test]
fn a_message_that_comes_again_within_the_time_has_one_effect_whatever_was_forgotten() {
    let step = prop_oneof![
        4 => (0..6_u8).prop_map(Step::Message),
        1 => (1..20_i64).prop_map(Step::Pass),
        2 => (1..4_u64).prop_map(Step::Forget),
    ];
    let (world, handler) = (World::inline(), Effects::default());
    let db = world.db("billing");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let cases = std::cell::Cell::new(0);
    let run = TestRunner::new(config).run(&prop::collection::vec(step, 0..40), |steps| {
        cases.set(cases.get() + 1);
        runtime.block_on(follow(&world, &db, &handler, cases.get(), &steps));
        Ok(())
    });
    run.unwrap();
}

async fn follow(world: &World, db: &Database, handler: &Effects, case: u128, steps: &[Step]) {
    let mut first: BTreeMap<u8, i64> = BTreeMap::new();
    for step in steps {
        match *step {
            Step::Pass(seconds) => world.clock.set(db.now() + seconds * SECOND),
            Step::Forget(limit) => {
                forget(db, KEEP, limit).await;
            }
            Step::Message(number) => {
                let came = *first.entry(number).or_insert(db.now());
                if db.now() - came > KEEP {
                    continue; // later than anything comes again
                }
                let id = Uuid::from_u128(case << 8 | u128::from(number));
                let subject = format!("{case}/{number}");
                let message = Envelope::new(id, SOURCE, "order.changed", &subject, 0, Data::default());
                let handler = handler.clone();
                let accept = async move |tx: &mut Transaction| {
                    inbox::accept(tx, GROUP, TOPIC, &handler, &message).await
                };
                db.write(accept).await.unwrap();
            }
        }
    }
    for number in first.into_keys() {
        assert_eq!(effects_of(db, &format!("{case}/{number}")).await, [0], "one effect");
    }
}
