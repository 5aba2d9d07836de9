//! The durable queue of work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use database::{Clock, Database};
use journal::Entry;
use saga::tasks::{self, Backoff, Options, Outcome, Perform, Task, Verdict, Wake, Worker};
use uuid::Uuid;

use crate::support::{open, store, store_at};

const KIND: &str = "test";

/// Fails each task so many times, then strikes it out.
#[derive(Clone)]
struct Script {
    db: Database,
    failures: usize,
    seen: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Perform for Script {
    async fn perform(&self, task: &Task, _: &mut Vec<Entry>) -> Verdict {
        let times = {
            let mut seen = self.seen.lock().expect("no panic while locked");
            let times = seen.entry(task.subject).or_default();
            *times += 1;
            *times
        };
        if times <= self.failures {
            return Verdict::Failed("the script says so".into());
        }
        let (subject, name) = (task.subject, task.name.clone());
        let struck = self.db.write(async move |tx| tasks::cancel(tx, KIND, subject, &name).await).await;
        assert!(struck.is_ok());
        Verdict::Settled
    }
}

fn options() -> Options {
    let backoff = Backoff { first: Duration::from_millis(2), most: Duration::from_millis(4) };
    Options { backoff, poll: Duration::from_millis(5), ..Options::default() }
}

fn script(db: &Database, failures: usize) -> Script {
    Script { db: db.clone(), failures, seen: Arc::default() }
}

async fn schedule(db: &Database, count: u128, delay: Duration, wake: &Wake) {
    for subject in 0..count {
        let wake = wake.clone();
        db.write(async move |tx| {
            let task = Task::new(KIND, Uuid::from_u128(subject), "call", "{}");
            tasks::schedule(tx, &task, delay, &wake).await
        })
        .await
        .expect("scheduled");
    }
}

async fn left(db: &Database) -> i64 {
    db.read(async |tx| tasks::count(tx, KIND).await).await.expect("counted")
}

/// Runs a worker until nothing is left to be done.
async fn run_until_done(db: &Database, script: Script, wake: Wake) {
    let worker = Worker::new(KIND, db.clone(), script, wake, options());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(stopped.await) }, Duration::from_secs(1)));
    let done = async {
        while left(db).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("all done");
    drop(stop);
    running.await.expect("stopped");
}

#[tokio::test]
async fn every_task_is_done_though_each_fails_at_first() {
    let (_directory, db) = store();
    let wake = Wake::default();
    schedule(&db, 300, Duration::ZERO, &wake).await;
    let script = script(&db, 2);
    run_until_done(&db, script.clone(), wake).await;
    let seen = script.seen.lock().expect("no panic while locked");
    assert_eq!(seen.len(), 300);
    assert!(seen.values().all(|times| *times >= 3));
}

#[tokio::test]
async fn a_task_that_nobody_woke_the_worker_for_is_found_in_the_table() {
    let (_directory, db) = store();
    schedule(&db, 3, Duration::ZERO, &Wake::default()).await;
    run_until_done(&db, script(&db, 0), Wake::default()).await;
}

#[tokio::test]
async fn tasks_outlive_the_process_that_wrote_them_down() {
    let (directory, db) = store();
    schedule(&db, 5, Duration::ZERO, &Wake::default()).await;
    db.close().await;
    let db = open(&directory);
    assert_eq!(left(&db).await, 5);
    run_until_done(&db, script(&db, 1), Wake::default()).await;
}

/// Looks at a task that is under way elsewhere, by a call.
struct UnderWay;

impl Perform for UnderWay {
    async fn perform(&self, _: &Task, calls: &mut Vec<Entry>) -> Verdict {
        calls.push(Entry::call("carrier", "GET /", 1, 1));
        Verdict::Again(Duration::from_secs(1))
    }
}

#[tokio::test]
async fn of_looks_at_what_is_under_way_the_first_ten_are_noted_and_then_fewer_and_fewer() {
    let (clock, manual) = Clock::manual(1_800_000_000_000_000);
    let (_directory, db) = store_at(clock);
    schedule(&db, 1, Duration::ZERO, &Wake::default()).await;
    for _ in 0..40 {
        // A worker that begins anew knows the number all the same.
        let mut worker = Worker::new(KIND, db.clone(), UnderWay, Wake::default(), options());
        assert_eq!(worker.run_once().await, Outcome::Performed(1));
        manual.advance(Duration::from_secs(64));
    }
    let told = db.read(async |tx| journal::read(tx, Uuid::from_u128(0), 100).await).await.expect("read");
    let noted = told.written.iter().flat_map(|written| &written.records).flat_map(|record| &record.entries);
    assert_eq!(noted.count(), 12, "the first ten, the 16th and the 32nd");
}

#[tokio::test]
async fn a_delayed_task_is_not_done_before_it_is_due() {
    let (_directory, db) = store();
    let wake = Wake::default();
    schedule(&db, 1, Duration::from_secs(3600), &wake).await;
    let mut worker = Worker::new(KIND, db.clone(), script(&db, 0), wake, options());
    assert_eq!(worker.run_once().await, Outcome::Idle);
    assert_eq!(left(&db).await, 1);
}

#[tokio::test]
async fn a_task_that_is_due_soon_is_done_long_before_the_next_look() {
    let (_directory, db) = store();
    let (wake, script) = (Wake::default(), script(&db, 1));
    let options = Options { poll: Duration::from_secs(3600), ..options() };
    let worker = Worker::new(KIND, db.clone(), script, wake.clone(), options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(stopped.await) }, Duration::from_secs(1)));
    // Twice due later: when it was scheduled so, and after its first failure.
    schedule(&db, 1, Duration::from_millis(20), &wake).await;
    let done = async {
        while left(&db).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("done in time");
    drop(stop);
    running.await.expect("stopped");
}

#[tokio::test]
async fn of_two_replicas_one_does_the_tasks() {
    let (_directory, db) = store();
    schedule(&db, 2, Duration::ZERO, &Wake::default()).await;
    let named = |holder: &str| Options { holder: holder.to_owned(), ..options() };
    let mut first = Worker::new(KIND, db.clone(), script(&db, 0), Wake::default(), named("first"));
    let mut second = Worker::new(KIND, db.clone(), script(&db, 0), Wake::default(), named("second"));
    assert_eq!(first.run_once().await, Outcome::Performed(2));
    assert_eq!(second.run_once().await, Outcome::NotMine);
}

#[tokio::test]
async fn what_a_replica_heard_of_while_it_stood_by_is_not_done_again_when_it_takes_over() {
    let (clock, hands) = Clock::manual(0);
    let (_directory, db) = store_at(clock);
    let (lease, wake) = (options().lease, Wake::default());
    let named = |holder: &str| Options { holder: holder.to_owned(), ..options() };
    let script = script(&db, 0);
    let mut first = Worker::new(KIND, db.clone(), script.clone(), Wake::default(), named("first"));
    let mut second = Worker::new(KIND, db.clone(), script.clone(), wake.clone(), named("second"));
    assert_eq!(first.run_once().await, Outcome::Idle);
    // Written down by the second, done by the first.
    schedule(&db, 3, Duration::ZERO, &wake).await;
    assert_eq!(second.run_once().await, Outcome::NotMine);
    assert_eq!(first.run_once().await, Outcome::Performed(3));
    hands.advance(lease);
    assert_eq!(second.run_once().await, Outcome::Idle);
    assert!(script.seen.lock().expect("no panic while locked").values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_task_written_anew_replaces_its_namesake() {
    let (_directory, db) = store();
    let wake = Wake::default();
    schedule(&db, 1, Duration::from_secs(3600), &wake).await;
    schedule(&db, 1, Duration::ZERO, &wake).await;
    assert_eq!(left(&db).await, 1);
    run_until_done(&db, script(&db, 0), wake).await;
}
