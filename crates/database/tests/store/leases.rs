//! Of several replicas one plays a role.

use std::time::Duration;

use database::leases::{self, Token};
use database::{Clock, Error, ManualClock, Options, Transaction, params};

use crate::fixture::{ADD, Fixture};

const TTL: Duration = Duration::from_secs(10);

fn fixture() -> (Fixture, ManualClock) {
    let (clock, hands) = Clock::manual(1_000_000);
    (Fixture::with(Options { clock, ..Options::default() }), hands)
}

async fn acquire(fixture: &Fixture, role: &'static str, holder: &'static str) -> Option<Token> {
    let acquire = async move |tx: &mut Transaction| leases::acquire(tx, role, holder, TTL).await;
    fixture.store.write::<_, Error, _>(acquire).await.unwrap()
}

async fn renew(fixture: &Fixture, token: &Token) -> Result<(), Error> {
    let token = token.clone();
    fixture.store.write(async move |tx: &mut Transaction| leases::renew(tx, &token, TTL).await).await
}

async fn release(fixture: &Fixture, token: &Token) {
    let token = token.clone();
    let release = async move |tx: &mut Transaction| leases::release(tx, &token).await;
    fixture.store.write::<_, Error, _>(release).await.unwrap();
}

async fn fenced_add(fixture: &Fixture, token: &Token, id: i64) -> Result<(), Error> {
    let token = token.clone();
    fixture
        .store
        .write(async move |tx: &mut Transaction| {
            tx.execute(ADD, params![id, "text"]).await?;
            leases::check(tx, &token).await
        })
        .await
}

#[tokio::test]
async fn one_holder_at_a_time_and_roles_are_independent() {
    let (fixture, _) = fixture();
    assert_eq!(acquire(&fixture, "relay/0", "a").await.unwrap().number(), 1);
    assert!(acquire(&fixture, "relay/0", "b").await.is_none());
    assert_eq!(acquire(&fixture, "relay/1", "b").await.unwrap().number(), 1);
    let again = acquire(&fixture, "relay/0", "a").await.unwrap();
    assert_eq!((again.role(), again.number()), ("relay/0", 1), "the holder has not changed");
}

#[tokio::test]
async fn every_role_tells_who_has_it_and_a_refused_write_is_counted() {
    let (fixture, hands) = fixture();
    let late = acquire(&fixture, "timers", "a").await.unwrap();
    hands.advance(TTL);
    acquire(&fixture, "timers", "b").await.unwrap();
    let all = fixture.store.read(async |tx: &mut Transaction| leases::all(tx).await).await.unwrap();
    let end = 1_000_000 + 2 * i64::try_from(TTL.as_micros()).unwrap();
    let expected =
        leases::Lease { role: "timers".to_owned(), holder: "b".to_owned(), number: 2, expires_at: end };
    assert_eq!(all, [expected]);
    assert_eq!(fixture.store.stats().fenced, 0);
    assert!(fenced_add(&fixture, &late, 1).await.is_err() && renew(&fixture, &late).await.is_err());
    assert_eq!(fixture.store.stats().fenced, 2);
}

#[tokio::test]
async fn an_expired_lease_goes_to_the_next_and_the_late_holder_writes_nothing() {
    let (fixture, hands) = fixture();
    let late = acquire(&fixture, "timers", "a").await.unwrap();
    fenced_add(&fixture, &late, 1).await.unwrap();
    hands.advance(TTL);
    let new = acquire(&fixture, "timers", "b").await.unwrap();
    assert_eq!(new.number(), 2);

    let error = fenced_add(&fixture, &late, 2).await.unwrap_err();
    assert_eq!(error.to_string(), "the lease on `timers` with token 1 is lost");
    assert!(renew(&fixture, &late).await.is_err());
    release(&fixture, &late).await;
    fenced_add(&fixture, &new, 3).await.unwrap();
    assert_eq!(fixture.ids().await, [1, 3]);
    assert!(acquire(&fixture, "timers", "a").await.is_none(), "a late release frees nothing");
}

#[tokio::test]
async fn renewing_keeps_a_lease() {
    let (fixture, hands) = fixture();
    let token = acquire(&fixture, "timers", "a").await.unwrap();
    for _ in 0..3 {
        hands.advance(TTL - Duration::from_secs(1));
        renew(&fixture, &token).await.unwrap();
        assert!(acquire(&fixture, "timers", "b").await.is_none());
    }
    hands.advance(TTL * 2);
    renew(&fixture, &token).await.unwrap();
    assert!(acquire(&fixture, "timers", "b").await.is_none(), "late, but nobody had taken it");
}

#[tokio::test]
async fn a_released_lease_is_free_at_once() {
    let (fixture, _) = fixture();
    let token = acquire(&fixture, "timers", "a").await.unwrap();
    release(&fixture, &token).await;
    let next = acquire(&fixture, "timers", "b").await.unwrap();
    assert_eq!(next.number(), 2);
    assert!(fenced_add(&fixture, &token, 1).await.is_err());
    assert!(fenced_add(&fixture, &next, 2).await.is_ok());
}
