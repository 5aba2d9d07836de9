//! Works that find what they decided on changed by somebody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use database::{Database, Error, Kind, Migration, Options, Schema, Transaction, leases, params};
use futures_util::future::join_all;

use crate::fixture::{ADD, Fixture, SCHEMA, hold, queued};

/// A closure's own error, which hides that of the store.
#[derive(Debug)]
struct Opaque;

impl From<Error> for Opaque {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Adds a note, but finds a conflict so many times before; tells how often it was run.
async fn add_after(store: &Database, id: i64, conflicts: u32) -> (Result<(), Opaque>, u32, u32) {
    let (runs, hooks) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (counted, hooked) = (Arc::clone(&runs), Arc::clone(&hooks));
    let work = async move |tx: &mut Transaction| {
        let hooked = Arc::clone(&hooked);
        tx.after_commit(move || {
            hooked.fetch_add(1, SeqCst);
        });
        tx.execute(ADD, params![id, "text"]).await?;
        if counted.fetch_add(1, SeqCst) < conflicts { Err(tx.conflict("note").into()) } else { Ok(()) }
    };
    let result = store.write(work).await;
    (result, runs.load(SeqCst), hooks.load(SeqCst))
}

#[tokio::test]
async fn a_work_that_conflicts_is_run_again_whatever_it_makes_of_the_error() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let (result, runs, hooks) = add_after(&fixture.store, 1, 2).await;
        assert!(result.is_ok(), "it was added once, so what it did before the conflict was undone");
        assert_eq!((runs, hooks, fixture.ids().await), (3, 1, vec![1]));
        assert_eq!(fixture.store.stats().conflicts, 2);
    }
}

#[tokio::test]
async fn a_work_that_always_conflicts_fails_after_the_third_time() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let (result, runs, hooks) = add_after(&fixture.store, 1, 100).await;
        assert!(result.is_err());
        assert_eq!((runs, hooks, fixture.ids().await), (3, 0, vec![]));
        let conflict = async |tx: &mut Transaction| Err::<(), _>(tx.conflict("note"));
        assert!(matches!(fixture.store.write(conflict).await, Err(Error::Conflict { what: "note" })));
    }
}

#[tokio::test]
async fn another_error_is_final() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        fixture.add(1).await.unwrap();
        let (result, runs, _) = add_after(&fixture.store, 1, 0).await;
        assert!(result.is_err());
        assert_eq!((runs, fixture.store.stats().conflicts), (0, 0), "it failed at its first statement");
    }
}

#[tokio::test]
async fn others_are_neither_undone_nor_kept_waiting_by_a_work_that_conflicts() {
    let fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let works = (1..=20).map(|id| add_after(&fixture.store, id, u32::from(id % 4 == 0) * 2));
    let release = async {
        queued(&fixture.store, 20).await;
        held.release().await;
    };
    let (done, ()) = tokio::join!(join_all(works), release);
    assert!(done.iter().all(|(result, _, hooks)| result.is_ok() && *hooks == 1), "{done:?}");
    assert_eq!(fixture.ids().await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_store_that_is_closed_meanwhile_runs_it_again_first() {
    let fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let store = fixture.store.clone();
    let work = tokio::spawn(async move { add_after(&store, 1, 2).await });
    queued(&fixture.store, 1).await;
    let (_, ()) = tokio::join!(held.release(), fixture.store.close());
    assert!(work.await.unwrap().0.is_ok());
}

const COUNTERS: Schema = Schema {
    name: "counters",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE counters (id BIGINT PRIMARY KEY, total BIGINT NOT NULL, version BIGINT NOT NULL);
            INSERT INTO counters VALUES (1, 0, 0)",
    }],
};

database::statements! {
    const LOAD: "SELECT total, version FROM counters WHERE id = 1";
    const SAVE: "UPDATE counters SET total = $1, version = version + 1 WHERE id = 1 AND version = $2";
}

async fn load(tx: &mut Transaction) -> Result<(i64, i64), Error> {
    tx.query_one(LOAD, params![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Counts one further than what it loads. If it `remembers` what was loaded in an earlier transaction, it decides on
/// that the first time: what a store with many writers may do to it.
async fn count(store: &Database, remembers: Option<(i64, i64)>) -> Result<(), Error> {
    let first = AtomicU32::new(0);
    let work = async move |tx: &mut Transaction| {
        let remembered = remembers.filter(|_| first.fetch_add(1, SeqCst) == 0);
        let (total, version) = match remembered {
            Some(remembered) => remembered,
            None => load(tx).await?,
        };
        match tx.execute(SAVE, params![total + 1, version]).await? {
            1 => Ok(()),
            _ => Err(tx.conflict("counter")),
        }
    };
    store.write(work).await
}

#[tokio::test]
async fn two_instances_over_one_file_lose_no_update_and_never_conflict() {
    let fixture = Fixture::new();
    let open =
        || Database::open(&fixture.path, &[SCHEMA, leases::SCHEMA, COUNTERS], Options::default()).unwrap();
    let (one, other) = (open(), open());
    let each = || (0..100).flat_map(|_| [&one, &other]);
    let counted = join_all(each().map(|store| count(store, None))).await;
    assert!(counted.iter().all(Result::is_ok), "{counted:?}");
    assert_eq!(one.read(async |tx: &mut Transaction| load(tx).await).await.unwrap(), (200, 200));
    assert_eq!(one.stats().conflicts + other.stats().conflicts, 0);

    // All but the first to come decide on what is not so any more, and again on what is.
    let stale = Some((200, 200));
    let counted = join_all(each().map(|store| count(store, stale))).await;
    assert!(counted.iter().all(Result::is_ok), "{counted:?}");
    assert_eq!(one.read(async |tx: &mut Transaction| load(tx).await).await.unwrap(), (400, 400));
    assert_eq!(one.stats().conflicts + other.stats().conflicts, 199);
}
