//! Instances of one subscription share its segments.

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use event_store::subscription::{Options, Status};
use event_store::{Expected, Filter, Handler, Ledger, Log as _, Recorded, Subscription};
use proptest::prelude::*;
use tokio::time::advance;

use crate::world::{World, append_one, assert_in_order, assert_whole, effects, note, to};

fn join(ledger: &Ledger, db: &Database, name: &str) -> Subscription<impl Handler + use<>> {
    let options = Options { segments: 8, batch: 4, ..Options::new(name) };
    Subscription::new("views", Arc::new(ledger.clone()), db.clone(), Filter::default(), note, options)
}

async fn append_some(ledger: &Ledger, numbers: std::ops::Range<u128>) {
    for number in numbers {
        append_one(ledger, to(&format!("order-{}", number % 30), Expected::Any, [number])).await.unwrap();
    }
}

async fn everything(ledger: &Ledger) -> Vec<Recorded> {
    let last = ledger.settled().await.unwrap();
    ledger.read(0, last, &Filter::default(), 1_000_000).await.unwrap().events
}

async fn heartbeat(world: &World) {
    world.hands.advance(Duration::from_secs(2));
    advance(Duration::from_secs(2)).await;
}

fn segments(status: &Status) -> Vec<u16> {
    status.segments.iter().map(|segment| segment.segment).collect()
}

#[tokio::test(start_paused = true)]
async fn two_share_the_segments_and_one_takes_over_when_the_other_leaves() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    let (mut one, mut two) = (join(&ledger, &db, "one"), join(&ledger, &db, "two"));
    let (of_one, of_two) = (one.progress(), two.progress());
    one.step().await.unwrap();
    assert_eq!(segments(&of_one.status()).len(), 8);
    for _ in 0..3 {
        two.step().await.unwrap();
        one.step().await.unwrap();
        heartbeat(&world).await;
    }
    let (first, second) = (segments(&of_one.status()), segments(&of_two.status()));
    assert_eq!((first.len(), second.len()), (4, 4));
    assert!(first.iter().all(|segment| !second.contains(segment)));

    two.leave().await;
    heartbeat(&world).await;
    one.step().await.unwrap();
    assert_eq!(segments(&of_one.status()).len(), 8);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_gone_away_is_replaced_when_its_leases_have_run_out() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    append_some(&ledger, 0..40).await;
    let mut one = join(&ledger, &db, "one");
    one.step().await.unwrap();
    drop(one);
    let mut two = join(&ledger, &db, "two");
    let progress = two.progress();
    two.step().await.unwrap();
    assert!(segments(&progress.status()).is_empty());
    for _ in 0..30 {
        heartbeat(&world).await;
        two.step().await.unwrap();
    }
    assert_eq!(segments(&progress.status()).len(), 8);
    assert_whole(&effects(&db).await, &everything(&ledger).await, "by the second");
}

#[tokio::test(start_paused = true)]
async fn who_has_slept_through_its_lease_has_no_effect_any_more() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    let mut sleeper = join(&ledger, &db, "sleeper");
    let of_sleeper = sleeper.progress();
    sleeper.step().await.unwrap();
    append_some(&ledger, 0..40).await;
    // Its own clock stands still while the leases run out.
    world.hands.advance(Duration::from_secs(60));
    let mut other = join(&ledger, &db, "other");
    while other.step().await.unwrap().more {}
    let done = effects(&db).await;
    assert_whole(&done, &everything(&ledger).await, "by the other");
    sleeper.step().await.unwrap();
    assert_eq!(effects(&db).await, done);
    assert!(segments(&of_sleeper.status()).len() < 8, "it has noticed");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u8),
    /// An instance takes a step, and joins first if it is not there.
    Works(usize),
    /// An instance is gone without a word.
    Crash(usize),
    Leave(usize),
    TimePasses,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..8_u8).prop_map(Step::Append),
        8 => (0..3_usize).prop_map(Step::Works),
        1 => (0..3_usize).prop_map(Step::Crash),
        1 => (0..3_usize).prop_map(Step::Leave),
        3 => Just(Step::TimePasses),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn whoever_comes_and_goes_every_event_has_one_effect_in_its_order(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let (ledger, db) = (world.ledger(), world.db("views"));
            let mut instances = [None, None, None];
            let (mut appended, mut runs) = (0, 0);
            for step in steps {
                match step {
                    Step::Append(count) => {
                        append_some(&ledger, appended..appended + u128::from(count)).await;
                        appended += u128::from(count);
                    }
                    Step::Works(which) => {
                        runs += 1;
                        let instance = instances[which].get_or_insert_with(|| {
                            // Each with connections of its own, as in a process of its own.
                            join(&ledger, &world.db("views"), &format!("run-{runs}"))
                        });
                        instance.step().await.unwrap();
                    }
                    Step::Crash(which) => drop(instances[which].take()),
                    Step::Leave(which) => {
                        if let Some(instance) = instances[which].take() {
                            instance.leave().await;
                        }
                    }
                    Step::TimePasses => heartbeat(&world).await,
                }
                assert_in_order(&effects(&db).await, "on the way");
            }
            let mut last = join(&ledger, &db, "last");
            for _ in 0..40 {
                heartbeat(&world).await;
                last.step().await.unwrap();
                for instance in instances.iter_mut().flatten() {
                    instance.step().await.unwrap();
                }
            }
            assert_whole(&effects(&db).await, &everything(&ledger).await, "in the end");
        });
    }
}
