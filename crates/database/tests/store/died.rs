//! A thread that panics is not replaced, and everybody can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use database::{Clock, Error, Options};

use crate::fixture::Fixture;

/// A store whose clock, which its threads ask between works, panics once it is told to.
fn fixture() -> (Fixture, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&broken);
    let clock = Clock::new(move || {
        assert!(!asked.load(SeqCst), "for the test");
        1
    });
    (Fixture::with(Options { clock, ..Options::default() }), broken)
}

#[tokio::test]
async fn a_writer_that_has_panicked_is_told_and_its_callers_hear_that_the_store_is_closed() {
    let (fixture, broken) = fixture();
    fixture.add(1).await.unwrap();
    assert!(!fixture.store.has_died());
    broken.store(true, SeqCst);
    assert!(matches!(fixture.add(2).await, Err(Error::Closed)));
    while !fixture.store.has_died() {
        tokio::task::yield_now().await;
    }
    assert!(matches!(fixture.add(3).await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_store_that_was_closed_has_not_died_and_one_whose_reader_has_panicked_has() {
    let (fixture, broken) = fixture();
    fixture.ids().await;
    broken.store(true, SeqCst);
    let read = async |_: &mut database::Transaction| Ok::<_, Error>(());
    assert!(matches!(fixture.store.read(read).await, Err(Error::Closed)));
    while !fixture.store.has_died() {
        tokio::task::yield_now().await;
    }
    let other = Fixture::new();
    other.store.close().await;
    assert!(!other.store.has_died());
}
