//! Crashes: a run ends between any two steps, and another goes on from the files.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use database::{Database, Transaction};
use event_store::{Expected, Filter, HandlerError, Ledger, Log as _, Recorded, Subscription, subscription};

use crate::world::{World, append_one, assert_whole, effects, events_of, note, to};

/// On threads, as in a service: what a task has handed over goes on when the task is dropped.
fn open(world: &World, name: &str) -> Database {
    world.db_on_threads(name)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Events whose caller died before it heard of them: the next run appends them again, and they are there once.
#[test]
fn an_append_whose_answer_was_lost_is_repeated_without_a_trace() {
    let world = World::new();
    let append = || to("order-1", Expected::None, [1, 2]);
    let first = runtime();
    let opened = open(&world, "ledger");
    let ledger = Ledger::new(opened.clone());
    let caller = first.spawn(async move { append_one(&ledger, append()).await });
    while opened.stats().committed == 0 {
        std::thread::yield_now();
    }
    caller.abort();
    first.shutdown_background();
    drop(opened);

    runtime().block_on(async {
        let ledger = Ledger::new(open(&world, "ledger"));
        assert!(append_one(&ledger, append()).await.unwrap().repeated);
        assert_eq!(events_of(&ledger, "order-1").await.len(), 2);
    });
}

/// The subscriber is killed, again and again, while it handles; whatever it had committed counts once.
#[test]
fn effects_and_checkpoints_are_committed_together() {
    const EVENTS: u128 = 600;
    let world = World::new();
    runtime().block_on(async {
        let ledger = Ledger::new(open(&world, "ledger"));
        for first in (0..EVENTS).step_by(20) {
            let name = format!("order-{}", first / 20 % 7);
            append_one(&ledger, to(&name, Expected::Any, first..first + 20)).await.unwrap();
        }
        ledger.database().close().await;
    });
    let handled = Arc::new(AtomicU64::new(0));
    for run in 1.. {
        assert!(run < 1_000, "it comes to its end");
        let (runtime, ledger, db) = (runtime(), Ledger::new(open(&world, "ledger")), open(&world, "views"));
        let before = handled.load(SeqCst);
        let _following = runtime.spawn(subscribe(&ledger, &db, &handled).run(std::future::pending::<()>()));
        // Killed after about as many batches as there were runs: early and late in whatever it is doing.
        while handled.load(SeqCst) < before + run % 5 + 1 && !is_done(&runtime, &db, EVENTS as usize) {
            std::thread::yield_now();
        }
        runtime.shutdown_background();
        let runtime = self::runtime();
        if is_done(&runtime, &db, EVENTS as usize) {
            break;
        }
    }
    runtime().block_on(async {
        let ledger = Ledger::new(open(&world, "ledger"));
        let all = ledger.read(0, u64::MAX, &Filter::default(), EVENTS as usize).await.unwrap().events;
        assert_whole(&effects(&open(&world, "views")).await, &all, "after all those runs");
    });
}

/// Every run is one of the same replica, which takes back its own leases at once.
fn subscribe(
    ledger: &Ledger,
    db: &Database,
    handled: &Arc<AtomicU64>,
) -> Subscription<impl event_store::Handler + use<>> {
    let handled = Arc::clone(handled);
    let handler = async move |tx: &mut Transaction, events: &[Recorded]| -> Result<(), HandlerError> {
        handled.fetch_add(1, SeqCst);
        note(tx, events).await
    };
    let options = subscription::Options {
        segments: 3,
        batch: 10,
        lease: Duration::from_secs(60),
        ..subscription::Options::new("one")
    };
    Subscription::new("views", Arc::new(ledger.clone()), db.clone(), Filter::default(), handler, options)
}

fn is_done(runtime: &tokio::runtime::Runtime, db: &Database, events: usize) -> bool {
    runtime.block_on(async { effects(db).await.len() >= events })
}
