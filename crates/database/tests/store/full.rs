//! A full disk fails those who need space, leaves nothing half-written, and ends when there is space again.

use std::fs;

use database::{Database, Error, Health, Options, Transaction, params};

use crate::fixture::{ADD, Fixture, REMOVE, SCHEMA, hold, ids};
use crate::namespace;

const BYTES: u64 = 256 * 1024;

/// One work that adds two notes of a page each, at `id` and the next one.
async fn add_pair(store: &Database, id: i64) -> Result<(), Error> {
    store
        .write(async move |tx: &mut Transaction| {
            for id in [id, id + 1] {
                tx.execute(ADD, params![id, "x".repeat(4000)]).await?;
            }
            Ok(())
        })
        .await
}

/// Adds pairs of notes until the first failure; tells how many pairs there are, and the failure.
async fn fill(store: &Database) -> (i64, Error) {
    for pair in 0.. {
        if let Err(error) = add_pair(store, pair * 2).await {
            return (pair, error);
        }
    }
    unreachable!("there is not that much space")
}

#[tokio::test]
async fn a_store_at_its_limit_refuses_whole_works_until_space_is_freed_or_added() {
    let mut fixture = Fixture::with(Options { max_bytes: Some(BYTES), ..Options::default() });
    let (pairs, error) = fill(&fixture.store).await;
    assert!(error.is_full(), "{error:?}");
    assert_eq!(fixture.store.health(), Health::Full);
    assert_eq!(fixture.ids().await, (0..pairs * 2).collect::<Vec<_>>(), "no half of a pair");

    let remove = async |tx: &mut Transaction| {
        for id in 0..8_i64 {
            tx.execute(REMOVE, params![id]).await?;
        }
        Ok::<_, Error>(())
    };
    fixture.store.write(remove).await.unwrap();
    add_pair(&fixture.store, 0).await.unwrap();
    assert_eq!(fixture.store.health(), Health::Good);
    fixture.store.close().await;
    assert!(fs::metadata(&fixture.path).unwrap().len() <= BYTES);

    fixture.reopen(Options { max_bytes: Some(BYTES * 2), ..Options::default() }).await;
    for id in [1_000, 1_002, 1_004, 1_006, 1_008] {
        add_pair(&fixture.store, id).await.unwrap();
    }
}

#[tokio::test]
async fn a_probe_tells_whether_there_is_space_again_and_keeps_none() {
    let fixture = Fixture::with(Options { max_bytes: Some(BYTES), ..Options::default() });
    let (pairs, _) = fill(&fixture.store).await;
    fixture.store.failed().await;
    for _ in 0..3 {
        assert!(fixture.store.probe().await.unwrap_err().is_full());
        assert_eq!(fixture.store.health(), Health::Full);
    }

    let space = rusqlite::Connection::open(&fixture.path).unwrap();
    space.execute("DELETE FROM notes", []).unwrap();
    assert_eq!(fixture.store.health(), Health::Full, "nobody has told the store");
    fixture.store.probe().await.unwrap();
    assert_eq!(fixture.store.health(), Health::Good);
    for pair in 0..pairs {
        add_pair(&fixture.store, pair * 2).await.unwrap();
    }
}

#[tokio::test]
async fn a_work_that_needs_too_much_space_does_not_take_its_group_with_it() {
    let fixture = Fixture::with(Options { max_bytes: Some(BYTES), ..Options::default() });
    let held = hold(&fixture.store).await;
    let large = fixture
        .store
        .write(async |tx: &mut Transaction| tx.execute(ADD, params![2_i64, "x".repeat(1_000_000)]).await);
    let works = async { tokio::join!(fixture.add(1), large, fixture.add(3)) };
    let ((first, large, third), ()) = tokio::join!(works, held.release());

    let error: Error = large.unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert!(first.is_ok() && third.is_ok());
    assert_eq!(fixture.ids().await, [1, 3]);
}

#[tokio::test]
async fn a_full_disk_fails_the_commit_and_is_got_over() {
    let Some(disk) = namespace::disk() else {
        let directory = tempfile::tempdir().unwrap();
        let name = "full::a_full_disk_fails_the_commit_and_is_got_over";
        return namespace::again(name, directory.path(), "mount -t tmpfs -o size=1m none \"$0\"");
    };
    fs::write(disk.join("ballast"), vec![0; 256 * 1024]).unwrap();
    let path = disk.join("notes.db");
    let store = Database::open(&path, &[SCHEMA], Options::default()).unwrap();
    let (pairs, error) = fill(&store).await;
    assert!(error.is_full(), "{error:?}");
    assert_eq!(store.health(), Health::Full);
    assert_eq!(ids(&store).await, (0..pairs * 2).collect::<Vec<_>>());

    // Everybody in a group hears of the failure.
    let held = hold(&store).await;
    let works = async { tokio::join!(add_pair(&store, 1_000), add_pair(&store, 2_000)) };
    let ((one, other), _) = tokio::join!(works, held.release_to_failure());
    assert!(one.unwrap_err().is_full() && other.unwrap_err().is_full());

    fs::remove_file(disk.join("ballast")).unwrap();
    add_pair(&store, pairs * 2).await.unwrap();
    assert_eq!(store.health(), Health::Good);
    store.close().await;
    let store = Database::open(&path, &[SCHEMA], Options::default()).unwrap();
    assert_eq!(ids(&store).await, (0..pairs * 2 + 2).collect::<Vec<_>>());
}
