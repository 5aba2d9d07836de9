//! Everything is bounded, and an end is an end.

use std::time::Duration;

use database::{Error, Options};

use crate::fixture::{Fixture, hold, queued};

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_then_refuses_them() {
    let wait = Duration::from_millis(20);
    let fixture = Fixture::with(Options { queue: 2, queue_wait: wait, ..Options::default() });
    let held = hold(&fixture.store).await;
    let accepted = async { tokio::join!(fixture.add(1), fixture.add(2)) };
    let refused = async {
        queued(&fixture.store, 2).await;
        let refused = fixture.add(3).await;
        held.release().await;
        refused
    };
    let ((first, second), refused) = tokio::join!(accepted, refused);

    assert!(first.is_ok() && second.is_ok());
    let error = refused.unwrap_err();
    assert!(error.is_busy());
    assert_eq!(error.to_string(), "the store is busy: no room in its queue within 20ms");
    assert_eq!(fixture.ids().await, [1, 2]);
}

#[tokio::test]
async fn a_caller_that_waits_for_room_gets_it() {
    let fixture = Fixture::with(Options { queue: 1, ..Options::default() });
    let held = hold(&fixture.store).await;
    let works = async { tokio::join!(fixture.add(1), fixture.add(2), fixture.add(3)) };
    let (results, ()) = tokio::join!(works, held.release());
    assert!(results.0.is_ok() && results.1.is_ok() && results.2.is_ok());
}

#[tokio::test]
async fn closing_finishes_what_was_accepted_and_refuses_the_rest() {
    let mut fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let (accepted, (), ()) = tokio::join!(fixture.add(1), fixture.store.close(), held.release());
    assert!(accepted.is_ok());
    assert!(matches!(fixture.add(2).await, Err(Error::Closed)));
    assert!(!fixture.path.with_extension("db-wal").exists(), "the log is part of the file now");

    fixture.reopen(Options::default()).await;
    assert_eq!(fixture.ids().await, [1]);
}

#[tokio::test]
async fn an_inline_store_closes_too() {
    let fixture = Fixture::inline();
    fixture.add(1).await.unwrap();
    fixture.store.close().await;
    assert!(matches!(fixture.add(2).await, Err(Error::Closed)));
    assert!(!fixture.path.with_extension("db-wal").exists());
}
