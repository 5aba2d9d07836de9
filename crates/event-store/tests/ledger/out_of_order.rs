//! Over a log whose positions become visible out of order, as on a server database.
//!
//! Each run follows from its seed, which is printed; `SEED=… cargo test -p event-store out_of_order` repeats one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use database::Transaction;
use event_store::subscription::Options;
use event_store::testing::{Naive, OutOfOrder, Skewed};
use event_store::{Filter, HandlerError, Log, Recorded, Subscription, watermark};

use crate::world::{World, assert_whole, effects, note};

/// What a handler saw, in memory: here nothing crashes, so that many seeds can be tried.
type Seen = Arc<Mutex<Vec<(u64, String, u64)>>>;

/// Follows a log while its writers go on, then to its end. Tells what was seen, in its order.
async fn follow(
    world: &World,
    name: &str,
    log: impl Log,
    writers: &OutOfOrder,
    batch: usize,
) -> Vec<(u64, String, u64)> {
    let seen = Seen::default();
    let handler = {
        let seen = Arc::clone(&seen);
        async move |_: &mut Transaction, events: &[Recorded]| -> Result<(), HandlerError> {
            let row = |event: &Recorded| (event.position, event.stream.to_string(), event.version);
            seen.lock().unwrap().extend(events.iter().map(row));
            Ok(())
        }
    };
    let options = Options { segments: 2, batch, lease: Duration::from_secs(3_600), ..Options::new("one") };
    let mut subscription =
        Subscription::new(name, Arc::new(log), world.db("views"), Filter::default(), handler, options);
    for _ in 0..60 {
        subscription.step().await.unwrap();
    }
    writers.calm_down();
    for _ in 0..200 {
        if subscription.step().await.unwrap().handled == 0
            && seen.lock().unwrap().len() >= writers.committed().len()
        {
            break;
        }
    }
    seen.lock().unwrap().clone()
}

/// Which of the committed events were not seen, and which came before one that precedes them in their stream.
fn lost_and_inverted(seen: &[(u64, String, u64)], committed: &[Recorded]) -> (usize, usize) {
    let lost = committed.iter().filter(|event| !seen.iter().any(|(at, ..)| *at == event.position)).count();
    let mut latest = std::collections::BTreeMap::new();
    let inverted = seen.iter().filter(|(_, stream, version)| {
        let before = latest.insert(stream, *version).unwrap_or(0);
        *version <= before
    });
    (lost, inverted.count())
}

fn seeds() -> Vec<u64> {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=40).collect(),
    };
    println!("seeds {seeds:?}");
    seeds
}

#[tokio::test]
async fn behind_the_watermark_nothing_is_skipped_and_nothing_inverted() {
    let world = World::new();
    let (mut gaps, mut events) = (0, 0);
    for seed in seeds() {
        let log = OutOfOrder::new(seed);
        let batch = 1 + seed as usize % 7;
        let seen = follow(&world, &format!("seed-{seed}"), log.clone(), &log, batch).await;
        let committed = log.committed();
        assert_eq!(lost_and_inverted(&seen, &committed), (0, 0), "seed {seed}");
        assert_eq!(seen.len(), committed.len(), "seed {seed}: each once");
        gaps += log.gaps();
        events += committed.len();
    }
    assert!(gaps > 0 && events > 0, "{gaps} gaps, {events} events");
}

#[tokio::test(start_paused = true)]
async fn instances_come_and_go_over_it_and_every_event_has_one_effect() {
    for seed in seeds().into_iter().take(12) {
        let (world, log) = (World::new(), OutOfOrder::new(seed));
        let join = |run: u64| {
            let options = Options { segments: 4, batch: 3, ..Options::new(format!("run-{run}")) };
            let db = world.db("views");
            Subscription::new("views", Arc::new(log.clone()), db, Filter::default(), note, options)
        };
        let mut instances = [join(0), join(1)];
        for round in 0..120_u64 {
            // One dies without a word every now and then, the other goes on.
            let which = round as usize % 2;
            if round % 13 == seed % 13 {
                instances[which] = join(round + 2);
            }
            instances[which].step().await.unwrap();
            if round == 90 {
                log.calm_down();
            }
            world.hands.advance(Duration::from_millis(700));
            tokio::time::advance(Duration::from_millis(700)).await;
        }
        for _ in 0..200 {
            for instance in &mut instances {
                instance.step().await.unwrap();
            }
            tokio::time::advance(Duration::from_millis(700)).await;
            world.hands.advance(Duration::from_millis(700));
        }
        assert_whole(&effects(&world.db("views")).await, &log.committed(), &format!("seed {seed}"));
    }
}

#[tokio::test]
async fn a_bare_cursor_skips_what_is_committed_late() {
    assert!(losses(Naive).await > 0);
}

#[tokio::test]
async fn a_watermark_read_within_the_reading_statement_skips_too() {
    assert!(losses(Skewed).await > 0);
}

async fn losses<L: Log>(read: impl Fn(OutOfOrder) -> L) -> usize {
    let world = World::new();
    let mut lost = 0;
    for seed in seeds() {
        let log = OutOfOrder::new(seed);
        let seen = follow(&world, &format!("seed-{seed}"), read(log.clone()), &log, 5).await;
        lost += lost_and_inverted(&seen, &log.committed()).0;
    }
    lost
}

#[tokio::test]
async fn the_watermark_waits_for_whoever_held_when_it_looked_and_for_nobody_else() {
    use std::collections::BTreeSet;
    use std::convert::Infallible;

    struct Fence(u64, BTreeSet<u32>);

    impl watermark::Fence for Fence {
        type Holder = u32;
        type Error = Infallible;

        async fn last_drawn(&mut self) -> Result<u64, Infallible> {
            Ok(self.0)
        }

        async fn holders(&mut self) -> Result<BTreeSet<u32>, Infallible> {
            Ok(self.1.clone())
        }
    }

    let mut watermark = watermark::Watermark::default();
    let mut fence = Fence(10, [1, 2].into());
    assert_eq!(watermark.look(&mut fence).await, Ok(0));
    fence = Fence(20, [2, 3].into());
    assert_eq!(watermark.look(&mut fence).await, Ok(0));
    assert_eq!(watermark.held_by().collect::<Vec<_>>(), [&2]);
    fence.1 = [3].into();
    assert_eq!(watermark.look(&mut fence).await, Ok(10), "3 began after 10 was drawn");
    assert_eq!(watermark.look(&mut fence).await, Ok(10));
    fence.1.clear();
    assert_eq!(watermark.look(&mut fence).await, Ok(20), "though some of it may have been rolled back");
}
