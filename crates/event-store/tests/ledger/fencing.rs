//! Whoever was paused in the middle of its work has no effect afterwards, if somebody went on meanwhile.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use database::{Database, Error, Transaction};
use event_store::subscription::Options;
use event_store::{Expected, Filter, Handler, Ledger, Log as _, Subscription};
use tokio::sync::oneshot;

use crate::world::{World, append_each, append_one, assert_whole, effects, note, to};

/// The process of this store stands still between two of its transactions, until what is returned is dropped.
async fn pause(db: &Database) -> mpsc::Sender<()> {
    let (resume, resumed) = mpsc::channel::<()>();
    let (stands_still, standing) = oneshot::channel();
    let hook = Mutex::new(Some((resumed, stands_still)));
    let db = db.clone();
    tokio::spawn(async move {
        let work = async move |tx: &mut Transaction| {
            if let Some((resumed, stands_still)) = hook.lock().unwrap().take() {
                tx.after_commit(move || {
                    let _ = stands_still.send(());
                    let _ = resumed.recv();
                });
            }
            Ok::<_, Error>(())
        };
        db.write(work).await
    });
    standing.await.unwrap();
    resume
}

fn follow(name: &str, ledger: &Ledger, db: &Database, filter: Filter) -> Subscription<impl Handler + use<>> {
    let options = Options { segments: 1, ..Options::new(name) };
    Subscription::new("views", Arc::new(ledger.clone()), db.clone(), filter, note, options)
}

/// The subscription takes a step up to where its transaction waits for the store, and is not heard of again.
async fn step_into_the_queue(mut subscription: Subscription<impl Handler>, db: &Database) {
    let queued = async {
        while db.stats().queued_writes == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
                biased;
        done = subscription.step() => panic!("{done:?}, though the store stands still"),
        () = queued => {}
    }
}

#[tokio::test]
async fn a_work_under_way_does_not_double_what_the_next_run_of_its_replica_has_done() {
    let world = World::new();
    let (ledger, paused, db) = (world.ledger(), world.db_on_threads("views"), world.db("views"));
    let mut before = follow("replica", &ledger, &paused, Filter::default());
    before.step().await.unwrap();
    append_each(&ledger, "order-1", 1..=5).await;

    let resume = pause(&paused).await;
    step_into_the_queue(before, &paused).await;
    // Under the same name it has the same lease.
    let mut after = follow("replica", &ledger, &db, Filter::default());
    assert_eq!(after.step().await.unwrap().handled, 5);
    drop(resume);
    paused.close().await;
    let all = ledger.read(0, 5, &Filter::default(), 10).await.unwrap().events;
    assert_whole(&effects(&db).await, &all, "once, by the second run");
}

#[tokio::test]
async fn a_work_under_way_has_no_effect_once_another_has_the_lease() {
    let world = World::new();
    let (ledger, paused, db) = (world.ledger(), world.db_on_threads("views"), world.db("views"));
    let mut one = follow("one", &ledger, &paused, Filter::default());
    one.step().await.unwrap();
    append_one(&ledger, to("order-1", Expected::None, [1])).await.unwrap();

    let resume = pause(&paused).await;
    step_into_the_queue(one, &paused).await;
    world.hands.advance(Duration::from_secs(60));
    // It has taken over, and not moved the checkpoint yet.
    let mut two = follow("two", &ledger, &db, Filter::default().kinds(&["none"]));
    two.step().await.unwrap();
    assert_eq!(two.progress().status().segments.len(), 1);
    drop(resume);
    paused.close().await;
    assert_eq!(effects(&db).await, []);
}
