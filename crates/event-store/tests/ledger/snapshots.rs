//! Snapshots: never needed, never stale, off the way.

use std::time::Duration;

use aggregate::{Aggregate as _, Change, Versioned};
use database::{Error, Transaction, params};
use event_store::snapshots::{self, Policy, Snapshotter};
use event_store::{EventSourced as _, Ledger, Repository, StreamName};
use proptest::prelude::*;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::tab::{self, Event, Tab};
use crate::world::World;

mod sql {
    database::statements! {
        /// The snapshots that there are.
        pub const ALL: "SELECT stream, fingerprint, version, state FROM ledger_snapshots ORDER BY stream, fingerprint";
        /// Breaks them.
        pub const BREAK: "UPDATE ledger_snapshots SET state = $1";
        /// Makes them another program's.
        pub const OTHER: "UPDATE ledger_snapshots SET fingerprint = fingerprint + 1";
    }
}

const EVERY_TEN: Policy = Policy { every: Some(10), slower_than: None };

fn with_snapshots(ledger: &Ledger, policy: Policy) -> (Repository<Tab>, Snapshotter<Tab>) {
    let ids = std::sync::atomic::AtomicU64::new(1);
    let next = move || Uuid::from_u128(ids.fetch_add(1, std::sync::atomic::Ordering::SeqCst).into());
    Repository::<Tab>::new(ledger, next).unwrap().with_snapshots(ledger, policy)
}

async fn save(ledger: &Ledger, repository: &Repository<Tab>, expected: u64, events: &[Event]) {
    let (repository, state) = (repository.clone(), Tab::default());
    let change = Change { id: 1, expected, events: events.to_vec(), before: state.clone(), after: state };
    let work = async move |tx: &mut Transaction| {
        aggregate::Repository::save(&repository, tx, std::slice::from_ref(&change)).await
    };
    ledger.database().write::<_, Error, _>(work).await.unwrap();
}

async fn load(ledger: &Ledger, repository: &Repository<Tab>) -> Versioned<Tab> {
    let repository = repository.clone();
    let work = async move |tx: &mut Transaction| {
        Ok::<_, Error>(aggregate::Repository::load(&repository, tx, &[1], &()).await?.remove(0))
    };
    ledger.database().read(work).await.unwrap()
}

async fn all(ledger: &Ledger) -> Vec<(String, i64, u64, String)> {
    let work = async |tx: &mut Transaction| {
        tx.query(sql::ALL, params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).await
    };
    ledger.database().read::<_, Error, _>(work).await.unwrap()
}

async fn tail_of(ledger: &Ledger, repository: &Repository<Tab>) -> u64 {
    let repository = repository.clone();
    let work = async move |tx: &mut Transaction| {
        let stream = StreamName::new("tab", "1").unwrap();
        Ok::<_, Error>(repository.fold(tx, &stream, u64::MAX).await?.tail)
    };
    ledger.database().read(work).await.unwrap()
}

fn charges(count: usize) -> Vec<Event> {
    vec![Event::Charged { item: "tea".to_owned(), cents: 1, currency: "EUR".to_owned() }; count]
}

#[tokio::test]
async fn a_load_calls_for_a_snapshot_and_somebody_else_takes_it() {
    let world = World::new();
    let ledger = world.ledger();
    let (repository, snapshotter) = with_snapshots(&ledger, EVERY_TEN);
    save(&ledger, &repository, 0, &charges(9)).await;
    load(&ledger, &repository).await;
    assert!(!snapshotter.take_one().await.unwrap(), "nine events call for none");
    save(&ledger, &repository, 9, &charges(1)).await;
    let whole = load(&ledger, &repository).await;
    load(&ledger, &repository).await;
    assert_eq!(all(&ledger).await, []);

    assert!(snapshotter.take_one().await.unwrap());
    assert!(!snapshotter.take_one().await.unwrap(), "asked for twice, taken once");
    let taken = all(&ledger).await;
    assert_eq!((taken.len(), &*taken[0].0, taken[0].2), (1, "tab-1", 10));
    assert_eq!(tail_of(&ledger, &repository).await, 0);
    assert_eq!(load(&ledger, &repository).await, whole);

    save(&ledger, &repository, 10, &charges(12)).await;
    load(&ledger, &repository).await;
    assert!(snapshotter.take_one().await.unwrap());
    let taken = all(&ledger).await;
    assert_eq!((taken.len(), taken[0].2), (1, 22), "in the place of the older one");
}

#[tokio::test]
async fn a_snapshot_that_is_not_what_its_events_make_is_found() {
    let world = World::new();
    let ledger = world.ledger();
    let (repository, snapshotter) = with_snapshots(&ledger, EVERY_TEN);
    save(&ledger, &repository, 0, &charges(10)).await;
    load(&ledger, &repository).await;
    snapshotter.take_one().await.unwrap();
    save(&ledger, &repository, 10, &charges(3)).await;
    let compare = async || {
        let repository = repository.clone();
        let work = async move |tx: &mut Transaction| repository.compare(tx, None, 10).await;
        ledger.database().read::<_, Error, _>(work).await.unwrap()
    };
    let found = compare().await;
    assert_eq!((found.aggregates, found.snapshots, found.different.len(), found.last), (1, 1, 0, None));

    let (fewer, stream) = (Tab::fold(&charges(9)), StreamName::new("tab", "1").unwrap());
    let state = serde_json::to_string(&fewer).unwrap();
    let work = async move |tx: &mut Transaction| tx.execute(sql::BREAK, params![state]).await;
    ledger.database().write::<_, Error, _>(work).await.unwrap();
    assert_eq!(compare().await.different, [stream]);
}

#[tokio::test]
async fn a_slow_load_calls_for_one_however_few_its_events() {
    let world = World::new();
    let ledger = world.ledger();
    let policy = Policy { every: None, slower_than: Some(Duration::ZERO) };
    let (repository, snapshotter) = with_snapshots(&ledger, policy);
    load(&ledger, &repository).await;
    assert!(!snapshotter.take_one().await.unwrap(), "there is nothing to keep");
    save(&ledger, &repository, 0, &charges(1)).await;
    load(&ledger, &repository).await;
    assert!(snapshotter.take_one().await.unwrap());
    assert_eq!(all(&ledger).await.len(), 1);
}

#[tokio::test]
async fn a_snapshot_of_another_form_or_of_none_is_passed_over() {
    let world = World::new();
    let ledger = world.ledger();
    let (repository, snapshotter) = with_snapshots(&ledger, EVERY_TEN);
    save(&ledger, &repository, 0, &charges(10)).await;
    let whole = load(&ledger, &repository).await;
    snapshotter.take_one().await.unwrap();

    let broken = async |tx: &mut Transaction| tx.execute(sql::BREAK, params!["{"]).await;
    ledger.database().write::<_, Error, _>(broken).await.unwrap();
    assert_eq!(load(&ledger, &repository).await, whole, "one that cannot be read");
    let lies = serde_json::to_string(&Tab { closed: true, ..Tab::default() }).unwrap();
    let others = async move |tx: &mut Transaction| {
        tx.execute(sql::BREAK, params![lies]).await?;
        tx.execute(sql::OTHER, params![]).await
    };
    ledger.database().write::<_, Error, _>(others).await.unwrap();
    assert_eq!(load(&ledger, &repository).await, whole, "one of another program");
    assert_ne!(snapshots::fingerprint("1"), snapshots::fingerprint("2"));
}

#[tokio::test]
async fn pruning_forgets_what_this_program_cannot_use_and_nothing_else() {
    let world = World::new();
    let ledger = world.ledger();
    let (repository, snapshotter) = with_snapshots(&ledger, EVERY_TEN);
    save(&ledger, &repository, 0, &charges(10)).await;
    load(&ledger, &repository).await;
    snapshotter.take_one().await.unwrap();
    let others = async |tx: &mut Transaction| tx.execute(sql::OTHER, params![]).await;
    ledger.database().write::<_, Error, _>(others).await.unwrap();
    load(&ledger, &repository).await;
    snapshotter.take_one().await.unwrap();
    assert_eq!(all(&ledger).await.len(), 2);

    let prune = async |before| {
        let fingerprint = Repository::<Tab>::fingerprint();
        let work =
            async move |tx: &mut Transaction| snapshots::prune(tx, Tab::NAME, fingerprint, before, 100).await;
        ledger.database().write::<_, Error, _>(work).await.unwrap()
    };
    assert_eq!(prune(ledger.database().now()).await, 0, "the other program may still run");
    assert_eq!(prune(ledger.database().now() + 1).await, 1);
    let left = all(&ledger).await;
    assert_eq!((left.len(), left[0].1), (1, Repository::<Tab>::fingerprint()));
    assert_eq!(tail_of(&ledger, &repository).await, 0);
}

#[tokio::test]
async fn the_snapshotter_works_until_it_is_drained() {
    let world = World::new();
    let ledger = world.ledger();
    let (repository, snapshotter) = with_snapshots(&ledger, EVERY_TEN);
    let (drain, drained) = oneshot::channel::<()>();
    let running = tokio::spawn(snapshotter.run(async {
        let _ = drained.await;
    }));
    save(&ledger, &repository, 0, &charges(10)).await;
    load(&ledger, &repository).await;
    while all(&ledger).await.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(drain);
    running.await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_snapshot_and_its_tail_are_what_all_events_are(events in tab::events(), cut in 0..40_usize, up_to in 0..60_u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let ledger = world.ledger();
            let policy = Policy { every: Some(1), slower_than: None };
            let (repository, snapshotter) = with_snapshots(&ledger, policy);
            let cut = cut.min(events.len());
            let (before, after) = events.split_at(cut);
            if !before.is_empty() {
                save(&ledger, &repository, 0, before).await;
                load(&ledger, &repository).await;
                assert!(snapshotter.take_one().await.unwrap());
            }
            if !after.is_empty() {
                save(&ledger, &repository, cut as u64, after).await;
            }
            assert_eq!(tail_of(&ledger, &repository).await, after.len() as u64);
            let whole = load(&ledger, &repository).await;
            assert_eq!(whole, Versioned { state: Tab::fold(&events), version: events.len() as u64 });

            let repository = repository.clone();
            let earlier = async move |tx: &mut Transaction| repository.at_version(tx, &1, up_to).await;
            let earlier = ledger.database().read::<_, Error, _>(earlier).await.unwrap();
            let some = &events[..events.len().min(up_to as usize)];
            assert_eq!(earlier, Versioned { state: Tab::fold(some), version: some.len() as u64 });
        });
    }
}

#[test]
fn the_aggregate_of_these_tests_has_a_fingerprint_of_its_own() {
    assert_eq!(Repository::<Tab>::fingerprint(), snapshots::fingerprint(Tab::STATE_SCHEMA));
}
