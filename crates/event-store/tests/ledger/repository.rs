//! An application layer runs on the ledger as it does on any other repository.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use aggregate::{Aggregate, AnyRepository, Change, Failure, Versioned, decide, execute};
use database::{Database, Error, Transaction};
use event_store::{AsOf, Metadata, Repository};
use journal::Cause;
use proptest::prelude::*;
use uuid::Uuid;

use crate::tab::{Command, Refusal, Tab};
use crate::world::{BEGINNING, World, events_of};

/// Whoever uses this cannot tell where tabs are kept.
type Tabs = AnyRepository<Tab, Transaction, Error>;

/// The application layer: one transaction per command.
#[derive(Clone)]
struct Application {
    db: Database,
    tabs: Tabs,
}

impl Application {
    async fn carry_out(&self, id: u64, command: Command) -> Result<Versioned<Tab>, Failure<Refusal, Error>> {
        let tabs = self.tabs.clone();
        let work = async move |tx: &mut Transaction| {
            execute(&tabs, tx, &id, &(), &command).await.map_err(|failure| Failed(Arc::new(failure)))
        };
        self.db.write(work).await.map_err(|Failed(failure)| Arc::into_inner(failure).unwrap())
    }

    async fn load(&self, id: u64) -> Versioned<Tab> {
        let tabs = self.tabs.clone();
        let work = async move |tx: &mut Transaction| {
            aggregate::Repository::load(&tabs, tx, &[id], &()).await.map(|mut loaded| loaded.remove(0))
        };
        self.db.read::<_, Error, _>(work).await.unwrap()
    }
}

#[derive(Debug)]
struct Failed(Arc<Failure<Refusal, Error>>);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(Arc::new(Failure::Store(error)))
    }
}

/// A throw-away repository: the events of each, in a list.
#[derive(Default)]
struct EventLists(Mutex<BTreeMap<u64, Vec<<Tab as Aggregate>::Event>>>);

impl aggregate::Repository<Tab> for EventLists {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(&self, _: &mut Transaction, ids: &[u64], (): &()) -> Result<Vec<Versioned<Tab>>, Error> {
        let lists = self.0.lock().unwrap();
        let versioned =
            |events: &Vec<_>| Versioned { state: Tab::fold(events), version: events.len() as u64 };
        Ok(ids.iter().map(|id| lists.get(id).map(versioned).unwrap_or_default()).collect())
    }

    async fn save(&self, _: &mut Transaction, changes: &[Change<Tab>]) -> Result<(), Error> {
        let mut lists = self.0.lock().unwrap();
        let current = |id| lists.get(id).map_or(0, Vec::len) as u64;
        if changes.iter().any(|change| current(&change.id) != change.expected) {
            return Err(Error::Conflict { what: Tab::NAME });
        }
        for change in changes {
            lists.entry(change.id).or_default().extend(change.events.iter().cloned());
        }
        Ok(())
    }
}

fn ids() -> impl Fn() -> Uuid + Send + Sync + 'static {
    let next = AtomicU64::new(1);
    move || Uuid::from_u128(next.fetch_add(1, SeqCst).into())
}

/// One application on the ledger, and one on lists.
fn both(world: &World) -> [Application; 2] {
    let ledger = world.ledger();
    let tabs = AnyRepository::new(Repository::<Tab>::new(&ledger, ids()).unwrap());
    let lists = AnyRepository::new(EventLists::default());
    [Application { db: ledger.database().clone(), tabs }, Application { db: world.db("lists"), tabs: lists }]
}

fn open() -> Command {
    Command::Open { guest: "Ada".to_owned() }
}

fn charge() -> Command {
    Command::Charge { item: "tea".to_owned(), cents: 250 }
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![1 => Just(open()), 6 => Just(charge()), 1 => Just(Command::Close)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn it_answers_as_lists_of_events_do(commands in prop::collection::vec((0..3_u64, command()), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let [ledger, lists] = both(&world);
            for (id, command) in commands {
                let [ours, theirs] = [&ledger, &lists].map(|it| it.carry_out(id, command.clone()));
                match (ours.await, theirs.await) {
                    (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
                    (Err(Failure::Refused(ours)), Err(Failure::Refused(theirs))) => assert_eq!(ours, theirs),
                    (ours, theirs) => panic!("{ours:?}, but {theirs:?}"),
                }
                assert_eq!(ledger.load(id).await, lists.load(id).await);
            }
        });
    }
}

#[tokio::test]
async fn what_was_decided_on_an_older_version_is_a_conflict() {
    let world = World::new();
    for application in both(&world) {
        application.carry_out(1, open()).await.unwrap();
        let loaded = application.load(1).await;
        let change = decide(1, &loaded, &charge()).unwrap().unwrap();
        application.carry_out(1, charge()).await.unwrap();
        let tabs = application.tabs.clone();
        let work = async move |tx: &mut Transaction| {
            aggregate::Repository::save(&tabs, tx, std::slice::from_ref(&change)).await
        };
        let refused: Error = application.db.write(work).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { what: "tab" }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_decision_on_a_stale_version_is_made_again() {
    let world = World::new();
    let [ledger, _] = both(&world);
    ledger.carry_out(1, open()).await.unwrap();
    // What it loaded in an earlier transaction, as a cache may; the second time it looks.
    let remembered = ledger.load(1).await;
    ledger.carry_out(1, charge()).await.unwrap();
    let (tabs, runs) = (ledger.tabs.clone(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&runs);
    let work = async move |tx: &mut Transaction| {
        let loaded = match counted.fetch_add(1, SeqCst) {
            0 => remembered.clone(),
            _ => aggregate::Repository::load(&tabs, tx, &[1], &()).await?.remove(0),
        };
        let change = decide(1, &loaded, &charge()).unwrap().unwrap();
        aggregate::Repository::save(&tabs, tx, std::slice::from_ref(&change)).await
    };
    ledger.db.write::<_, Error, _>(work).await.unwrap();
    assert_eq!((runs.load(SeqCst), ledger.load(1).await.version), (2, 3));
}

#[tokio::test]
async fn several_aggregates_are_kept_together_or_not_at_all() {
    let world = World::new();
    for application in both(&world) {
        let change = |id| decide(id, &Versioned::default(), &open()).unwrap().unwrap();
        let tabs = application.tabs.clone();
        let save = |changes: Vec<Change<Tab>>| {
            let tabs = tabs.clone();
            application.db.write::<_, Error, _>(async move |tx: &mut Transaction| {
                aggregate::Repository::save(&tabs, tx, &changes).await
            })
        };
        save(vec![change(2), change(1)]).await.unwrap();
        assert!(save(vec![change(3), change(2)]).await.is_err());
        let versions = [application.load(1).await.version, application.load(2).await.version];
        assert_eq!((versions, application.load(3).await.version), ([1, 1], 0));
    }
}

#[tokio::test]
async fn events_carry_where_they_come_from() {
    let world = World::new();
    let ledger = world.ledger();
    let cause = Cause {
        actor: Some("ada".to_owned()),
        id: Some(Uuid::from_u128(8)),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        subject: Some(Uuid::from_u128(9)),
        ..Cause::default()
    };
    let (repository, why) = (Repository::<Tab>::new(&ledger, ids()).unwrap(), cause.clone());
    let work = async move |tx: &mut Transaction| {
        journal::because(tx, &why);
        match execute(&repository, tx, &1, &(), &open()).await {
            Err(Failure::Store(error)) => Err(error),
            _ => Ok(()),
        }
    };
    ledger.database().write(work).await.unwrap();
    let metadata = events_of(&ledger, "tab-1").await.remove(0).metadata;
    assert_eq!(metadata, Metadata::because(&cause));
    assert_eq!((metadata.causation_id, metadata.correlation_id), (cause.id, cause.subject));
}

#[tokio::test]
async fn the_journal_tells_of_an_event_by_its_id() {
    let world = World::new();
    let ledger = world.ledger();
    let (subject, repository) = (Uuid::from_u128(9), Repository::<Tab>::new(&ledger, ids()).unwrap());
    let work = async move |tx: &mut Transaction| {
        journal::because(tx, &Cause::default().about(subject));
        for command in [open(), charge()] {
            if let Err(Failure::Store(error)) = execute(&repository, tx, &1, &(), &command).await {
                return Err(error);
            }
        }
        Ok(())
    };
    ledger.database().write(work).await.unwrap();
    let read = async move |tx: &mut Transaction| journal::read(tx, subject, 10).await;
    let told = ledger.database().read::<_, Error, _>(read).await.unwrap();
    let entries = told.written.iter().flat_map(|written| &written.records).flat_map(|record| &record.entries);
    let entries: Vec<_> = entries.map(|entry| (entry.kind, entry.version, entry.link)).collect();
    let events = events_of(&ledger, "tab-1").await;
    let expected = events.iter().map(|event| (journal::Kind::Event, Some(event.version), Some(event.id)));
    assert_eq!(entries, expected.collect::<Vec<_>>());
    assert_eq!(entries.len(), 2);
}

#[tokio::test]
async fn an_aggregate_is_seen_at_any_version_and_any_instant() {
    let world = World::new();
    let ledger = world.ledger();
    let repository = Repository::<Tab>::new(&ledger, ids()).unwrap();
    let application =
        Application { db: ledger.database().clone(), tabs: AnyRepository::new(repository.clone()) };
    application.carry_out(1, open()).await.unwrap();
    for hour in 1..=300 {
        world.hands.set(BEGINNING + hour);
        application.carry_out(1, charge()).await.unwrap();
    }
    let look = async move |tx: &mut Transaction| {
        let at_version = repository.at_version(tx, &1, 3).await?;
        let at = AsOf { effective: BEGINNING + 299, known: None };
        let at_instant = repository.as_of(tx, &1, at).await?;
        let at = AsOf { effective: BEGINNING + 299, known: Some(BEGINNING + 2) };
        let as_known = repository.as_of(tx, &1, at).await?;
        Ok::<_, Error>([at_version, at_instant, as_known].map(|tab| (tab.version, tab.state.items.len())))
    };
    assert_eq!(ledger.database().read(look).await.unwrap(), [(3, 2), (300, 299), (3, 2)]);
}
