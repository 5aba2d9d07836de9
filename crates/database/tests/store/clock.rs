//! The store's time never goes backwards.

use std::time::Duration;

use database::{Clock, Error, Options, Transaction};

use crate::fixture::{ADD, Fixture};

async fn write_at(fixture: &Fixture, id: i64) -> i64 {
    let write = async move |tx: &mut Transaction| {
        tx.execute(ADD, database::params![id, "text"]).await?;
        Ok::<_, Error>(tx.now())
    };
    fixture.store.write(write).await.unwrap()
}

#[tokio::test]
async fn time_stands_still_while_the_clock_is_behind() {
    let (clock, hands) = Clock::manual(1_000);
    let fixture = Fixture::with(Options { clock, ..Options::default() });
    assert_eq!(fixture.store.now(), 1_000);
    hands.set(400);
    assert_eq!((fixture.store.now(), write_at(&fixture, 1).await), (1_000, 1_000));
    hands.set(1_500);
    assert_eq!((write_at(&fixture, 2).await, fixture.store.now()), (1_500, 1_500));
}

#[tokio::test]
async fn a_restart_with_an_earlier_clock_goes_on_from_the_latest_commit() {
    let (clock, hands) = Clock::manual(5_000);
    let mut fixture = Fixture::with(Options { clock, ..Options::default() });
    write_at(&fixture, 1).await;
    hands.set(1_000);
    fixture.reopen(Options { clock: hands.clock(), ..Options::default() }).await;

    assert_eq!(fixture.store.now(), 5_000);
    assert_eq!(write_at(&fixture, 2).await, 5_000);
    hands.advance(Duration::from_millis(5));
    assert_eq!(write_at(&fixture, 3).await, 6_000);
}

#[tokio::test]
async fn a_second_process_with_an_earlier_clock_does_not_go_back() {
    let (clock, _) = Clock::manual(5_000);
    let fixture = Fixture::new();
    let one = Fixture::with(Options { clock, ..Options::default() });
    let (clock, _) = Clock::manual(1_000);
    let options = Options { clock, ..Options::default() };
    let other = database::Database::open(&one.path, &[crate::fixture::SCHEMA], options).unwrap();

    assert_eq!(other.now(), 1_000, "nothing later has been committed yet");
    write_at(&one, 1).await;
    let now = other.write(async |tx: &mut Transaction| Ok::<_, Error>(tx.now())).await.unwrap();
    assert_eq!(now, 5_000);
    drop(fixture);
}

#[tokio::test]
async fn a_transaction_has_one_instant() {
    let (clock, hands) = Clock::manual(1_000);
    let fixture = Fixture::with(Options { clock, ..Options::default() });
    let instants = async move |tx: &mut Transaction| {
        let first = tx.now();
        hands.advance(Duration::from_secs(1));
        Ok::<_, Error>((first, tx.now()))
    };
    assert_eq!(fixture.store.write(instants).await.unwrap(), (1_000, 1_000));
    assert_eq!(fixture.store.now(), 1_001_000);
}

#[test]
fn the_system_clock_tells_microseconds_since_1970() {
    let century = 100 * 365 * 86_400 * 1_000_000;
    assert!((century / 2..century * 2).contains(&Clock::system().now()));
}
