//! Reads see one snapshot and change nothing.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};

use database::{Error, Transaction, params};

use crate::fixture::{ADD, ALL, Fixture};

#[tokio::test]
async fn a_read_sees_one_snapshot_while_others_write() {
    let fixture = Fixture::new();
    fixture.add(1).await.unwrap();
    let (go_on, wait) = mpsc::channel::<()>();
    let (begin, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let read = fixture.store.read(async move |tx: &mut Transaction| {
        let before = tx.query(ALL, params![], |row| row.get::<i64>(0)).await?;
        begin.send(()).unwrap();
        let _ = wait.recv();
        let after = tx.query(ALL, params![], |row| row.get::<i64>(0)).await?;
        Ok::<_, Error>((before, after))
    });
    let write = async {
        begun.recv().await.unwrap();
        fixture.add(2).await.unwrap();
        drop(go_on);
    };
    let (read, ()) = tokio::join!(read, write);

    assert_eq!(read.unwrap(), (vec![1], vec![1]));
    assert_eq!(fixture.ids().await, [1, 2]);
}

#[tokio::test]
async fn a_read_sees_what_its_caller_has_written() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        for id in 0..50 {
            fixture.add(id).await.unwrap();
            assert_eq!(fixture.ids().await.len() as i64, id + 1);
        }
    }
}

#[tokio::test]
async fn a_write_in_a_read_is_refused() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let write = async |tx: &mut Transaction| tx.execute(ADD, params![1_i64, "text"]).await;
        let error: Error = fixture.store.read(write).await.unwrap_err();
        assert!(error.is_read_only(), "{error:?}");
        assert_eq!(fixture.store.health(), database::Health::Good, "nothing is wrong with the store");
        assert!(fixture.ids().await.is_empty());
    }
}

#[tokio::test]
async fn two_reads_run_at_the_same_time() {
    let fixture = Fixture::new();
    let barrier = Arc::new(Barrier::new(2));
    let read = || {
        let barrier = Arc::clone(&barrier);
        fixture.store.read(async move |_: &mut Transaction| {
            barrier.wait();
            Ok::<_, Error>(())
        })
    };
    let (one, other) = tokio::join!(read(), read());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(fixture.store.stats().reads, 2);
}
