//! Subscriptions: everything once and in order, from the beginning to what comes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use database::{Database, Transaction};
use event_store::subscription::{Error, Lag, Options, Outcome, lag};
use event_store::{
    Expected, Filter, Handler, HandlerError, Ledger, Log as _, Partitions, Recorded, Subscription,
};
use tokio::sync::oneshot;
use tokio::time::advance;

use crate::world::{World, append_each, append_one, assert_whole, effects, events_of, note, to};

fn options() -> Options {
    Options { segments: 4, batch: 8, ..Options::new("one") }
}

fn follow<H: Handler>(ledger: &Ledger, db: &Database, handler: H, options: Options) -> Subscription<H> {
    Subscription::new("views", Arc::new(ledger.clone()), db.clone(), Filter::default(), handler, options)
}

async fn until_idle<H: Handler>(subscription: &mut Subscription<H>) -> usize {
    let mut handled = 0;
    loop {
        let outcome = subscription.step().await.unwrap();
        handled += outcome.handled;
        if !outcome.more {
            return handled;
        }
    }
}

async fn everything(ledger: &Ledger) -> Vec<Recorded> {
    let last = ledger.settled().await.unwrap();
    ledger.read(0, last, &Filter::default(), 1_000_000).await.unwrap().events
}

async fn append_many(ledger: &Ledger, numbers: std::ops::Range<u128>) {
    for number in numbers {
        append_one(ledger, to(&format!("order-{}", number % 10), Expected::Any, [number])).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn it_begins_with_the_oldest_event_and_goes_on_where_it_was() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    append_many(&ledger, 0..100).await;
    let mut subscription = follow(&ledger, &db, note, options());
    assert_eq!(until_idle(&mut subscription).await, 100);
    append_many(&ledger, 100..120).await;
    assert_eq!(until_idle(&mut subscription).await, 20);
    subscription.leave().await;

    append_many(&ledger, 120..130).await;
    let mut subscription = follow(&ledger, &db, note, options());
    assert_eq!(until_idle(&mut subscription).await, 10);
    assert_whole(&effects(&db).await, &everything(&ledger).await, "after a restart");
}

#[tokio::test(start_paused = true)]
async fn its_checkpoint_may_be_in_the_ledgers_own_database() {
    let world = World::new();
    let ledger = world.ledger();
    append_many(&ledger, 0..20).await;
    let mut subscription = follow(&ledger, ledger.database(), note, options());
    assert_eq!(until_idle(&mut subscription).await, 20);
    assert_whole(&effects(ledger.database()).await, &everything(&ledger).await, "in one file");
}

#[tokio::test(start_paused = true)]
async fn it_may_begin_later_and_see_less() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    append_many(&ledger, 0..20).await;
    append_each(&ledger, "customer-1", 100..=104).await;
    let filter = Filter::default().categories(&["customer"]).unwrap();
    let options = Options { start: 22, ..options() };
    let mut subscription =
        Subscription::new("late", Arc::new(ledger.clone()), db.clone(), filter, note, options);
    assert_eq!(until_idle(&mut subscription).await, 3);
    let versions: Vec<_> =
        effects(&db).await.into_iter().map(|(_, stream, version)| (stream, version)).collect();
    assert_eq!(versions, [3, 4, 5].map(|version| ("customer-1".to_owned(), version)));
}

#[tokio::test(start_paused = true)]
async fn its_filter_may_leave_partitions_out() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    append_many(&ledger, 0..30).await;
    let half = (0..=127).fold(Partitions::NONE, Partitions::with);
    let filter = Filter::default().partitions(half);
    let log = Arc::new(ledger.clone());
    let mut subscription = Subscription::new("half", log, db.clone(), filter.clone(), note, options());
    until_idle(&mut subscription).await;
    let all = everything(&ledger).await;
    let wanted: Vec<_> = all.iter().filter(|event| filter.takes(&event.stream)).cloned().collect();
    assert!(!wanted.is_empty() && wanted.len() < all.len());
    assert_whole(&effects(&db).await, &wanted, "half of them");
}

/// Fails on events of a stream until it is told otherwise.
#[derive(Clone, Default)]
struct Poisoned(Arc<Mutex<BTreeSet<String>>>);

impl Handler for Poisoned {
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        let poison = self.0.lock().unwrap().clone();
        for event in events {
            note(tx, std::slice::from_ref(event)).await?;
            if poison.contains(&format!("{}@{}", event.stream, event.version)) {
                return Err(HandlerError::Failed("it is poisoned".into()));
            }
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_event_stops_its_segment_and_no_other() {
    let world = World::new();
    let (ledger, db, handler) = (world.ledger(), world.db("views"), Poisoned::default());
    handler.0.lock().unwrap().insert("order-3@5".to_owned());
    append_many(&ledger, 0..100).await;
    let mut subscription = follow(&ledger, &db, handler.clone(), options());
    let progress = subscription.progress();
    // A whole batch failed; then its events are taken singly, up to the one.
    for _ in 0..400 {
        subscription.step().await.unwrap();
        advance(Duration::from_millis(100)).await;
    }
    let stopped = progress.status().segments.into_iter().find(|segment| segment.failures > 0).unwrap();
    assert!(stopped.failures > 3 && stopped.error.unwrap().ends_with("it is poisoned"));
    let poison = events_of(&ledger, "order-3").await.remove(4);
    assert!(stopped.position < poison.position);
    assert_eq!(stopped.waiting_since, Some(poison.recorded_at));
    let segment = Filter::default().partitions(Partitions::of_segment(stopped.segment, 4));
    let held_up = |event: &Recorded| segment.takes(&event.stream) && event.position >= poison.position;
    let others: Vec<_> = everything(&ledger).await.into_iter().filter(|event| !held_up(event)).collect();
    let mut seen: Vec<u64> = effects(&db).await.into_iter().map(|(position, ..)| position).collect();
    seen.sort_unstable();
    assert!(
        others.len() > 50 && others.iter().map(|event| event.position).eq(seen),
        "all that is not behind it"
    );

    handler.0.lock().unwrap().clear();
    for _ in 0..200 {
        subscription.step().await.unwrap();
        advance(Duration::from_millis(100)).await;
    }
    assert_whole(&effects(&db).await, &everything(&ledger).await, "once it is mended");
    assert_eq!(progress.status().behind(), 0);
}

/// Sets aside what it cannot handle, which leaves a trace in the store.
struct SetsAside(Poisoned);

impl Handler for SetsAside {
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        self.0.handle(tx, events).await
    }

    async fn set_aside(
        &self,
        tx: &mut Transaction,
        event: &Recorded,
        failure: &HandlerError,
    ) -> Result<(), HandlerError> {
        assert!(matches!(failure, HandlerError::Failed(why) if why.to_string() == "it is poisoned"));
        note(tx, std::slice::from_ref(event)).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_set_aside_holds_up_nothing_and_does_not_come_again() {
    let world = World::new();
    let (ledger, db, handler) = (world.ledger(), world.db("views"), Poisoned::default());
    handler.0.lock().unwrap().insert("order-3@5".to_owned());
    append_many(&ledger, 0..100).await;
    let mut subscription = follow(&ledger, &db, SetsAside(handler), options());
    let (mut handled, mut set_aside) = (0, 0);
    for _ in 0..20 {
        let outcome = subscription.step().await.unwrap();
        (handled, set_aside) = (handled + outcome.handled, set_aside + outcome.set_aside);
        advance(options().first_wait).await;
    }
    assert_eq!((handled, set_aside), (99, 1));
    // It was set aside where it stands, in the transaction of the checkpoint.
    assert_whole(&effects(&db).await, &everything(&ledger).await, "one of them aside");
    let status = subscription.progress().status();
    assert!(status.behind() == 0 && status.segments.iter().all(|it| it.failures == 0), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn the_wait_after_a_failure_grows_up_to_its_limit() {
    let world = World::new();
    let (ledger, db, handler) = (world.ledger(), world.db("views"), Poisoned::default());
    handler.0.lock().unwrap().insert("order-1@1".to_owned());
    append_each(&ledger, "order-1", 1..=1).await;
    let mut subscription = follow(&ledger, &db, handler, Options { segments: 1, ..options() });
    let mut failures_at = Vec::new();
    for tenth in 0..500_u32 {
        if subscription.step().await.unwrap().failed > 0 {
            failures_at.push(tenth);
        }
        advance(Duration::from_millis(100)).await;
    }
    let waits: Vec<_> = failures_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(&waits[..8], [1, 1, 2, 4, 8, 16, 32, 64]);
    assert!(waits[8..].iter().all(|wait| *wait == 100), "{waits:?}");
}

mod sql {
    database::statements! {
        /// Spoils what every look after the segments reads.
        pub const SPOIL: "UPDATE leases SET token = 'spoilt'";
        /// As it was.
        pub const MEND: "UPDATE leases SET token = 1";
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_a_segment_outlives_a_failure_of_the_store() {
    let world = World::new();
    let (ledger, db, handler) = (world.ledger(), world.db("views"), Poisoned::default());
    let run = async |statement| {
        let work = async move |tx: &mut Transaction| tx.execute(statement, &[]).await;
        db.write::<_, database::Error, _>(work).await.unwrap();
    };
    handler.0.lock().unwrap().insert("order-1@1".to_owned());
    append_each(&ledger, "order-1", 1..=1).await;
    let options = Options { segments: 1, ..options() };
    let lease = options.lease;
    let mut subscription = follow(&ledger, &db, handler, options);
    let progress = subscription.progress();
    for _ in 0..100 {
        subscription.step().await.unwrap();
        advance(Duration::from_millis(100)).await;
    }
    let before = progress.status().segments.remove(0);
    assert!(before.failures > 3, "{before:?}");
    advance(lease).await;
    run(sql::SPOIL).await;
    assert!(subscription.step().await.is_err());
    run(sql::MEND).await;
    subscription.step().await.unwrap();
    let after = progress.status().segments.remove(0);
    assert!(after.failures >= before.failures, "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn the_lag_is_told_in_events_and_in_time() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    let now = async || lag(&ledger, &db, "views", &Filter::default()).await.unwrap();
    assert_eq!(now().await, None, "it has not begun");
    let mut subscription = follow(&ledger, &db, note, options());
    let progress = subscription.progress();
    until_idle(&mut subscription).await;
    append_many(&ledger, 0..30).await;
    world.hands.advance(Duration::from_secs(7));
    assert_eq!(now().await, Some(Lag { events: 30, time: Duration::from_secs(7) }));

    until_idle(&mut subscription).await;
    assert_eq!((progress.status().behind(), progress.status().settled), (0, 30));
    // Segments for which there was nothing write their place down with the next heartbeat.
    advance(Duration::from_secs(2)).await;
    subscription.step().await.unwrap();
    assert_eq!(now().await, Some(Lag::default()));
    progress.reached(30).await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_segments_stays_what_it_was() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    until_idle(&mut follow(&ledger, &db, note, options())).await;
    let refused = follow(&ledger, &db, note, Options { segments: 8, ..options() }).step().await.unwrap_err();
    assert!(matches!(refused, Error::Segments { recorded: 4, configured: 8, .. }), "{refused:?}");
    for none in [0, 257] {
        let options = Options { segments: none, ..options() };
        let mut subscription = Subscription::new(
            "other",
            Arc::new(ledger.clone()),
            db.clone(),
            Filter::default(),
            note,
            options,
        );
        assert!(matches!(subscription.step().await, Err(Error::Segments { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_step_writes_nothing() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    append_many(&ledger, 0..10).await;
    let mut subscription = follow(&ledger, &db, note, options());
    until_idle(&mut subscription).await;
    let before = db.stats().commits;
    for _ in 0..10 {
        assert_eq!(subscription.step().await.unwrap(), Outcome::default());
    }
    assert_eq!(db.stats().commits, before);
}

#[tokio::test]
async fn a_commit_wakes_it_and_draining_leaves_its_segments_to_others() {
    let world = World::new();
    let (ledger, db) = (world.ledger(), world.db("views"));
    // So rarely that polling would not do.
    let options =
        Options { poll: Duration::from_secs(3_600), lease: Duration::from_secs(36_000), ..options() };
    let subscription = follow(&ledger, &db, note, options.clone());
    let progress = subscription.progress();
    let (drain, drained) = oneshot::channel::<()>();
    let running = tokio::spawn(subscription.run(async {
        let _ = drained.await;
    }));
    for number in 0..20_u128 {
        append_many(&ledger, number..number + 1).await;
        progress.reached(number as u64 + 1).await;
    }
    drop(drain);
    running.await.unwrap();
    append_many(&ledger, 20..30).await;
    let mut next = follow(&ledger, &db, note, Options { instance: "two".to_owned(), ..options });
    assert_eq!(until_idle(&mut next).await, 10, "the leases were given back");
    assert_whole(&effects(&db).await, &everything(&ledger).await, "by two, one after the other");
}

#[tokio::test]
async fn what_another_handle_appends_is_found_by_looking() {
    let world = World::new();
    let (ledger, other, db) = (world.ledger(), world.ledger(), world.db("views"));
    let options = Options { poll: Duration::from_millis(5), ..options() };
    let subscription = follow(&ledger, &db, note, options);
    let progress = subscription.progress();
    let running = tokio::spawn(subscription.run(std::future::pending::<()>()));
    append_many(&other, 0..10).await;
    progress.reached(10).await;
    running.abort();
    assert_whole(&effects(&db).await, &everything(&ledger).await, "across handles");
}
