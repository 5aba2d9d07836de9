//! What a test may have happen at the boundaries of transactions.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use database::{Boundary, Error, Executor, Failpoint, Fate, Options, Transaction, params};
use futures_util::FutureExt;

use crate::fixture::{ADD, Fixture};

/// One fate at one boundary, and none at all elsewhere.
#[derive(Debug)]
struct At(Boundary, Fate);

impl Failpoint for At {
    fn reached(&self, file: &Path, boundary: Boundary) -> Fate {
        assert!(file.ends_with("notes.db"));
        if boundary == self.0 { self.1 } else { Fate::Proceed }
    }
}

fn fixture(boundary: Boundary, fate: Fate) -> Fixture {
    let failpoint = Some(Arc::new(At(boundary, fate)) as _);
    Fixture::with(Options { executor: Executor::Inline, failpoint, ..Options::default() })
}

/// What a write that adds a note is answered, if it is, and whether its hook ran.
fn add(fixture: &Fixture) -> (Option<Result<(), Error>>, bool) {
    let hooked = Arc::new(AtomicBool::new(false));
    let hook = Arc::clone(&hooked);
    let work = async move |tx: &mut Transaction| {
        let hook = Arc::clone(&hook);
        tx.after_commit(move || hook.store(true, SeqCst));
        tx.execute(ADD, params![1_i64, "text"]).await.map(drop)
    };
    (fixture.store.write(work).now_or_never(), hooked.load(SeqCst))
}

#[tokio::test]
async fn a_caller_that_vanishes_before_its_work_has_done_nothing() {
    let fixture = fixture(Boundary::Write, Fate::Vanish);
    let (answer, hooked) = add(&fixture);
    assert!(answer.is_none() && !hooked, "{answer:?}");
    assert!(fixture.ids().await.is_empty());
}

#[tokio::test]
async fn a_caller_that_vanishes_after_the_commit_has_done_all_and_knows_nothing() {
    let fixture = fixture(Boundary::Committed, Fate::Vanish);
    let (answer, hooked) = add(&fixture);
    assert!(answer.is_none() && !hooked, "{answer:?}");
    assert_eq!(fixture.ids().await, [1]);
}

#[tokio::test]
async fn a_store_that_fails_is_busy_and_does_nothing() {
    let fixture = fixture(Boundary::Write, Fate::Fail);
    let (answer, hooked) = add(&fixture);
    assert!(answer.is_some_and(|answer| answer.unwrap_err().is_busy()) && !hooked);
    assert!(fixture.ids().await.is_empty());
}

#[tokio::test]
async fn a_read_has_fates_of_its_own() {
    let fixture = fixture(Boundary::Read, Fate::Vanish);
    assert!(matches!(add(&fixture), (Some(Ok(())), true)));
    assert!(fixture.ids().now_or_never().is_none());
}
