//! The memory grid: exact, bounded, and the same in every instance.

use aggregate::{Failure, Repository as _, Versioned, decide, execute};
use database::{Error, Transaction};
use event_store::grid::{self, Grid};
use event_store::snapshots::{Policy, Snapshotter};
use event_store::{Ledger, Repository, read};
use journal::{Cause, Origin};
use proptest::prelude::*;
use uuid::Uuid;

use crate::tab::{Command, Refusal, Tab};
use crate::world::{World, events_of, stream};

fn ids() -> impl Fn() -> Uuid + Send + Sync + 'static {
    let next = std::sync::atomic::AtomicU64::new(1);
    move || Uuid::new_v5(&Uuid::nil(), &next.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_be_bytes())
}

fn instance(ledger: &Ledger, capacity: usize, seed: &'static str) -> (Grid<Tab>, Snapshotter<Tab>) {
    let next = ids();
    let ids = move || Uuid::new_v5(&next(), seed.as_bytes());
    let snapshots = Policy { every: Some(10), slower_than: None };
    let options = grid::Options { capacity, snapshots, pace: std::time::Duration::from_millis(1) };
    Grid::new(Repository::new(ledger, ids).unwrap(), ledger, options)
}

async fn ask(grid: &Grid<Tab>, id: u64, command: Command) -> Result<Versioned<Tab>, Refusal> {
    let tabs = grid.clone();
    let work = async move |tx: &mut Transaction| match execute(&tabs, tx, &id, &(), &command).await {
        Ok(tab) => Ok(Ok(tab)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Store(error)) => Err(error),
    };
    grid.ledger().database().write::<_, Error, _>(work).await.unwrap()
}

async fn load(grid: &Grid<Tab>, id: u64) -> Versioned<Tab> {
    let tabs = grid.clone();
    let work = async move |tx: &mut Transaction| Ok::<_, Error>(tabs.load(tx, &[id], &()).await?.remove(0));
    grid.ledger().database().read(work).await.unwrap()
}

fn open() -> Command {
    Command::Open { guest: "Ada".to_owned() }
}

fn charge() -> Command {
    Command::Charge { item: "tea".to_owned(), cents: 250 }
}

#[tokio::test]
async fn two_instances_serve_the_same_state_and_each_says_how_far_its_memory_is_behind() {
    let world = World::new();
    let ledger = world.ledger();
    let [(one, _), (other, _)] = [instance(&ledger, 100, "one"), instance(&ledger, 100, "other")];
    ask(&one, 1, open()).await.unwrap();
    assert_eq!(load(&other, 1).await.version, 1, "which puts it into memory");
    // Both begin to follow here.
    one.follow_once().await.unwrap();
    other.follow_once().await.unwrap();
    for _ in 0..3 {
        ask(&one, 1, charge()).await.unwrap();
    }
    assert_eq!(other.behind().await.unwrap().events, 3);
    assert_eq!(other.remembered(&1, &()).unwrap().version, 1, "nobody has told it yet");
    assert_eq!(
        load(&other, 1).await,
        load(&one, 1).await,
        "what is read in a transaction is exact all the same"
    );

    ask(&one, 1, charge()).await.unwrap();
    while other.follow_once().await.unwrap() {}
    assert_eq!(other.behind().await.unwrap(), grid::Behind::default());
    assert_eq!(other.remembered(&1, &()), one.remembered(&1, &()));
    assert_eq!(other.remembered(&1, &()).unwrap().version, 5);
}

#[tokio::test]
async fn a_refusal_is_decided_on_the_head_however_far_memory_is_behind() {
    let world = World::new();
    let ledger = world.ledger();
    let [(one, _), (other, _)] = [instance(&ledger, 100, "one"), instance(&ledger, 100, "other")];
    ask(&one, 1, open()).await.unwrap();
    ask(&other, 1, charge()).await.unwrap();
    ask(&one, 1, Command::Close).await.unwrap();
    assert!(!other.remembered(&1, &()).unwrap().state.closed);
    assert_eq!(ask(&other, 1, charge()).await.unwrap_err(), Refusal::Closed);
}

#[tokio::test]
async fn an_append_that_conflicts_catches_up_and_decides_again() {
    let world = World::new();
    let ledger = world.ledger();
    let [(one, _), (other, _)] = [instance(&ledger, 100, "one"), instance(&ledger, 100, "other")];
    ask(&one, 1, open()).await.unwrap();
    load(&other, 1).await;
    ask(&one, 1, charge()).await.unwrap();
    // What the other one remembers is decided on first, without asking the ledger.
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (tabs, counted) = (other.clone(), runs.clone());
    let work = async move |tx: &mut Transaction| {
        let tab = match counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => tabs.remembered(&1, &()).unwrap(),
            _ => tabs.load(tx, &[1], &()).await?.remove(0),
        };
        let change = decide(1, &tab, &charge()).unwrap().unwrap();
        tabs.save(tx, std::slice::from_ref(&change)).await
    };
    ledger.database().write::<_, Error, _>(work).await.unwrap();
    assert_eq!((runs.load(std::sync::atomic::Ordering::SeqCst), other.stats().conflicts), (2, 1));
    assert_eq!(load(&one, 1).await, load(&other, 1).await);
    assert_eq!(load(&one, 1).await.version, 3);
}

#[tokio::test]
async fn what_was_rolled_back_was_never_in_memory() {
    let world = World::new();
    let ledger = world.ledger();
    let (grid, _) = instance(&ledger, 100, "one");
    ask(&grid, 1, open()).await.unwrap();
    let tabs = grid.clone();
    let work = async move |tx: &mut Transaction| {
        execute(&tabs, tx, &1, &(), &charge()).await.unwrap();
        execute(&tabs, tx, &2, &(), &open()).await.unwrap();
        Err::<(), Error>(tx.conflict("never"))
    };
    ledger.database().write(work).await.unwrap_err();
    assert_eq!(grid.remembered(&1, &()).unwrap().version, 1);
    assert_eq!(grid.remembered(&2, &()), None);
}

#[tokio::test]
async fn memory_is_bounded_and_what_was_let_go_comes_back_from_snapshot_and_tail() {
    let world = World::new();
    let ledger = world.ledger();
    let (grid, snapshotter) = instance(&ledger, 3, "one");
    for id in 1..=6 {
        ask(&grid, id, open()).await.unwrap();
    }
    assert_eq!((grid.stats().aggregates, grid.stats().evicted), (3, 3));
    assert_eq!(grid.remembered(&1, &()), None);

    for _ in 0..12 {
        ask(&grid, 1, charge()).await.unwrap();
    }
    assert!(snapshotter.take_one().await.unwrap(), "which its own appends called for");
    let whole = load(&grid, 1).await;
    ask(&grid, 1, charge()).await.unwrap();
    for id in 2..=6 {
        load(&grid, id).await;
    }
    assert_eq!(grid.remembered(&1, &()), None, "the one that was used least recently");
    let folded = {
        let repository = grid.repository().clone();
        let work = async move |tx: &mut Transaction| repository.fold(tx, &stream("tab-1"), u64::MAX).await;
        ledger.database().read::<_, Error, _>(work).await.unwrap()
    };
    assert!(folded.tail < 13, "{} events after the snapshot", folded.tail);
    let again = load(&grid, 1).await;
    assert_eq!((again.version, again.state.items.len()), (whole.version + 1, whole.state.items.len() + 1));
    assert_eq!(grid.forget(), 3);
    assert_eq!(load(&grid, 1).await, again);
}

#[tokio::test]
async fn an_instance_that_follows_takes_in_what_others_append_until_it_is_drained() {
    let world = World::new();
    let ledger = world.ledger();
    let [(one, _), (other, _)] = [instance(&ledger, 100, "one"), instance(&ledger, 100, "other")];
    ask(&one, 1, open()).await.unwrap();
    load(&other, 1).await;
    other.follow_once().await.unwrap();
    let (drain, drained) = tokio::sync::oneshot::channel::<()>();
    let following = tokio::spawn(other.clone().follow(async {
        let _ = drained.await;
    }));
    ask(&one, 1, charge()).await.unwrap();
    other.reached(2).await;
    assert_eq!(other.remembered(&1, &()).unwrap().version, 2);
    drop(drain);
    following.await.unwrap();
}

#[tokio::test]
async fn a_reaction_repeated_makes_the_same_events() {
    let world = World::new();
    let mut ids = Vec::new();
    for name in ["first", "second"] {
        let ledger = Ledger::new(world.db(name));
        let (grid, _) = instance(&ledger, 100, name);
        let work = async move |tx: &mut Transaction| {
            let origin = Origin::Message { kind: "asked".into(), from: "bar".into() };
            journal::because(tx, &Cause { id: Some(Uuid::from_u128(7)), origin, ..Cause::default() });
            execute(&grid, tx, &1, &(), &open()).await.map(drop).map_err(|_| tx.conflict("never"))
        };
        ledger.database().write::<_, Error, _>(work).await.unwrap();
        ids.push(events_of(&ledger, "tab-1").await.remove(0).id);
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn the_streams_of_a_category_are_listed_both_ways() {
    let world = World::new();
    let ledger = world.ledger();
    let (grid, _) = instance(&ledger, 100, "one");
    for id in [3, 1, 2] {
        ask(&grid, id, open()).await.unwrap();
        ask(&grid, id, charge()).await.unwrap();
    }
    let work = async |tx: &mut Transaction| {
        let names = |streams: Vec<event_store::StreamName>| {
            streams.iter().map(|stream| stream.id().to_owned()).collect::<Vec<_>>()
        };
        let forward = read::streams(tx, "tab", None, 2).await?;
        let rest = read::streams(tx, "tab", Some("2"), 9).await?;
        let backward = read::streams_before(tx, "tab", None, 2).await?;
        let before = read::streams_before(tx, "tab", Some("2"), 9).await?;
        Ok::<_, Error>([names(forward), names(rest), names(backward), names(before)])
    };
    let found = ledger.database().read(work).await.unwrap();
    assert_eq!(found, [vec!["1", "2"], vec!["3"], vec!["3", "2"], vec!["1"]]);
}

#[derive(Clone, Debug)]
enum Step {
    Ask(bool, u64, Command),
    Follow(bool),
    Forget(bool),
    Snapshot(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (any::<bool>(), 1..4_u64).prop_map(|(which, id)| Step::Ask(which, id, open())),
        9 => (any::<bool>(), 1..4_u64).prop_map(|(which, id)| Step::Ask(which, id, charge())),
        1 => (any::<bool>(), 1..4_u64).prop_map(|(which, id)| Step::Ask(which, id, Command::Close)),
        3 => any::<bool>().prop_map(Step::Follow),
        1 => any::<bool>().prop_map(Step::Forget),
        2 => any::<bool>().prop_map(Step::Snapshot),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Invariant: whatever memory holds, lets go or has missed, a load is what all events make.
    #[test]
    fn a_load_is_what_all_events_make(steps in steps(), capacity in 1..4_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let ledger = world.ledger();
            let grids = [instance(&ledger, capacity, "one"), instance(&ledger, capacity, "other")];
            let plain = Repository::<Tab>::new(&ledger, ids()).unwrap();
            for step in steps {
                match step {
                    Step::Ask(which, id, command) => drop(ask(&grids[usize::from(which)].0, id, command).await),
                    Step::Follow(which) => drop(grids[usize::from(which)].0.follow_once().await.unwrap()),
                    Step::Forget(which) => drop(grids[usize::from(which)].0.forget()),
                    Step::Snapshot(which) => drop(grids[usize::from(which)].1.take_one().await.unwrap()),
                }
                for id in 1..4 {
                    let plain = plain.clone();
                    let work = async move |tx: &mut Transaction| Ok::<_, Error>(plain.load(tx, &[id], &()).await?.remove(0));
                    let expected = ledger.database().read(work).await.unwrap();
                    for (grid, _) in &grids {
                        assert_eq!(load(grid, id).await, expected);
                    }
                }
            }
        });
    }
}
