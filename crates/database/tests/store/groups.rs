//! Works share commits, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use database::{Error, Options, Transaction, params};
use futures_util::future::join_all;

use crate::fixture::{ADD, Fixture, hold, queued};

#[tokio::test]
async fn callers_that_wait_at_the_same_time_share_one_commit() {
    let fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let before = fixture.store.stats();
    let callers = join_all((0..100).map(|id| fixture.add(id)));
    let (results, ()) = tokio::join!(callers, held.release());

    assert!(results.into_iter().all(|result| result.is_ok()));
    let after = fixture.store.stats();
    assert_eq!(after.commits - before.commits, 1);
    assert_eq!(after.largest_group, 101);
    assert_eq!(fixture.ids().await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_group_has_at_most_as_many_works_as_the_options_say() {
    let fixture = Fixture::with(Options { max_group: 10, ..Options::default() });
    let held = hold(&fixture.store).await;
    let callers = join_all((0..100).map(|id| fixture.add(id)));
    let (results, ()) = tokio::join!(callers, held.release());

    assert!(results.into_iter().all(|result| result.is_ok()));
    let stats = fixture.store.stats();
    assert_eq!((stats.largest_group, stats.commits), (10, 11));
    assert_eq!(stats.group_sizes.bounds[..5], [1, 2, 4, 8, 16]);
    // The one that held the writer was among the first ten.
    assert_eq!(stats.group_sizes.counts[..5], [1, 0, 0, 0, 10]);
    assert_eq!((stats.group_sizes.sum, stats.commit_micros.counts.iter().sum::<u64>()), (101, 11));
}

#[tokio::test]
async fn a_failure_in_a_group_takes_back_its_own_changes_only() {
    let fixture = Fixture::new();
    // The first group shares a transaction; the one after a failure uses savepoints.
    for round in [0, 100] {
        let held = hold(&fixture.store).await;
        let failing = fixture.store.write(async move |tx: &mut Transaction| {
            tx.execute(ADD, params![round + 2_i64, "to be taken back"]).await?;
            tx.execute(ADD, params![round + 2_i64, "twice"]).await?;
            Ok::<_, Error>(())
        });
        let works = async {
            tokio::join!(fixture.add(round + 1), failing, fixture.add(round + 3), fixture.add(round + 2))
        };
        let ((first, failed, third, last), ()) = tokio::join!(works, held.release());

        assert_eq!(failed.unwrap_err().constraint(), Some("notes.id"));
        assert!(first.is_ok() && third.is_ok() && last.is_ok());
    }
    assert_eq!(fixture.ids().await, [1, 2, 3, 101, 102, 103]);
    let stats = fixture.store.stats();
    assert_eq!((stats.rolled_back, stats.repeated_groups), (2, 1));
}

#[tokio::test]
async fn a_work_that_runs_again_counts_once() {
    let fixture = Fixture::new();
    let runs = Arc::new(AtomicU64::new(0));
    let hooks = Arc::new(AtomicU64::new(0));
    let held = hold(&fixture.store).await;
    let counted = {
        let (runs, hooks) = (Arc::clone(&runs), Arc::clone(&hooks));
        fixture.store.write(async move |tx: &mut Transaction| {
            let hooks = Arc::clone(&hooks);
            tx.execute(ADD, params![1_i64, "text"]).await?;
            tx.after_commit(move || _ = hooks.fetch_add(1, SeqCst));
            Ok::<_, Error>(runs.fetch_add(1, SeqCst) + 1)
        })
    };
    let failing = fixture.store.write(async |tx: &mut Transaction| {
        tx.execute(ADD, params![2_i64, "text"]).await?;
        Err::<(), _>(Error::Closed)
    });
    let works = async { tokio::join!(counted, failing) };
    let ((counted, failed), ()) = tokio::join!(works, held.release());

    assert_eq!(counted.unwrap(), 2, "the failure after a change undid the group");
    assert!(failed.is_err());
    assert_eq!((runs.load(SeqCst), hooks.load(SeqCst)), (2, 1));
    assert_eq!(fixture.ids().await, [1]);
}

#[tokio::test]
async fn a_work_that_fails_before_it_changes_anything_disturbs_nobody() {
    let fixture = Fixture::new();
    let runs = Arc::new(AtomicU64::new(0));
    let held = hold(&fixture.store).await;
    let counted = {
        let runs = Arc::clone(&runs);
        fixture.store.write(async move |tx: &mut Transaction| {
            runs.fetch_add(1, SeqCst);
            tx.execute(ADD, params![1_i64, "text"]).await
        })
    };
    let refused = fixture.store.write(async |_: &mut Transaction| Err::<(), _>(Error::Closed));
    let works = async { tokio::join!(counted, refused) };
    let ((counted, refused), ()) = tokio::join!(works, held.release());

    assert!(counted.is_ok() && refused.is_err());
    assert_eq!(runs.load(SeqCst), 1);
}

#[tokio::test]
async fn hooks_run_before_the_answer_and_only_if_the_work_is_durable() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let hooks = Arc::new(AtomicU64::new(0));
        for fails in [false, true] {
            let hooks = Arc::clone(&hooks);
            let result = fixture
                .store
                .write(async move |tx: &mut Transaction| {
                    let hooks = Arc::clone(&hooks);
                    tx.after_commit(move || _ = hooks.fetch_add(1, SeqCst));
                    if fails { Err(Error::Closed) } else { Ok(()) }
                })
                .await;
            assert_eq!(result.is_err(), fails);
        }
        assert_eq!(hooks.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn the_work_of_a_caller_that_went_away_is_committed() {
    let fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let caller = tokio::spawn({
        let store = fixture.store.clone();
        async move { crate::fixture::add(&store, 1).await }
    });
    queued(&fixture.store, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    held.release().await;

    fixture.add(2).await.unwrap();
    assert_eq!(fixture.ids().await, [1, 2]);
}

#[tokio::test]
async fn a_group_that_only_reads_does_not_touch_the_log() {
    let fixture = Fixture::new();
    fixture.add(1).await.unwrap();
    let log = fixture.path.with_extension("db-wal");
    let length = std::fs::metadata(&log).unwrap().len();
    fixture.store.write(async |_: &mut Transaction| Ok::<_, Error>(())).await.unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), length);

    fixture.add(2).await.unwrap();
    assert!(std::fs::metadata(&log).unwrap().len() > length);
}
