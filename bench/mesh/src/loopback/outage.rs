//! All servers fail for a while, and are well again.

use std::{net::SocketAddr, time::Duration};

use mesh::{
    balance,
    circuit_breaker::{Backoff, Policy, State},
    stack::ClientPolicy,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    fleet::{Changed, Fleet},
    load::{Answered, load},
    upstream::PLACES,
};
use crate::{
    Failure,
    report::{Goal, Row},
};

const PER_SECOND: u32 = 300;
const WELL: Duration = Duration::from_secs(3);
const AWAY: Duration = Duration::from_secs(8);
const AGAIN: Duration = Duration::from_secs(8);

/// What an outage costs the servers, and its end those who ask.
pub(super) async fn of_all() -> Result<Vec<Row>, Failure> {
    let open =
        Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(2), ..Backoff::default() };
    let breaker = Policy { open, ..Policy::default() };
    // With the same policy the service's breaker would open first, as it sees the failures of all, and the endpoints' never.
    let of_service = Policy { consecutive_failures: Some(30), ..breaker.clone() };
    let client = ClientPolicy { circuit_breaker: Some(of_service), ..ClientPolicy::default() };
    // Endpoints that all fail are no outliers, so the breakers have it alone.
    let pool = balance::Policy { breaker: Some(breaker), outlier: None, ..balance::Policy::default() };
    let fleet = Fleet::start(3, PLACES, client, pool).await?;

    let begun = Instant::now();
    let faults = async {
        sleep(WELL).await;
        fleet.upstreams.iter().for_each(|it| it.fails(100));
        sleep_until(begun + WELL + AWAY).await;
        let backoff = longest_back_off(&fleet);
        let asked_at_the_end = fleet.upstreams.iter().map(|it| it.asked().len()).sum::<usize>();
        fleet.upstreams.iter().for_each(|it| it.fails(0));
        (Instant::now(), backoff, asked_at_the_end)
    };
    let (answered, (well, backoff, asked)) =
        tokio::join!(load(&fleet.service, PER_SECOND, WELL + AWAY + AGAIN), faults);
    rows(&fleet, &answered?, well, backoff, asked)
}

fn rows(
    fleet: &Fleet,
    answered: &[Answered],
    well: Instant,
    backoff: Duration,
    asked: usize,
) -> Result<Vec<Row>, Failure> {
    let changes = fleet.changes();
    let opened = last_opening(fleet, &changes).ok_or("no breaker has opened")?;
    let in_outage = |it: &&Changed| it.to == State::HalfOpen && it.at > opened && it.at <= well;
    let since = asked
        - (fleet.upstreams.iter().map(|it| it.asked().len()).sum::<usize>() - fleet.asked_since(opened));
    let probes = changes.iter().filter(in_outage).count();
    let first =
        answered.iter().filter(|it| it.well && it.at + it.took > well).map(|it| it.at + it.took).min();
    let first = first.ok_or("no call succeeded after the outage")?;
    // Everybody is answered from when the last call that was not was made.
    let full =
        answered.iter().filter(|it| !it.well).map(|it| it.at).max().ok_or("nobody noticed the outage")?;
    let tried = |address: SocketAddr| {
        let is_one = |it: &&Changed| {
            it.address == address && it.to == State::HalfOpen && (well..=full).contains(&it.at)
        };
        changes.iter().filter(is_one).count()
    };
    let most = fleet.upstreams.iter().map(|it| tried(it.address)).max().unwrap_or_default();
    Ok(vec![
        Row::new("an outage: calls to the servers, for each probe", &[ratio(since, probes)])
            .unit("calls")
            .goals(&[Goal::Nanos(1.0)]),
        Row::new(
            "after it: until the first success, of the longest back-off",
            &[(first - well).as_secs_f64() / backoff.as_secs_f64()],
        )
        .unit("times")
        .goals(&[Goal::Nanos(1.0)]),
        Row::new("after it: probes of an endpoint until everybody is answered", &[most as f64])
            .unit("probes")
            .goals(&[Goal::Nanos(2.0)]),
    ])
}

/// When the last of the endpoints' breakers opened for the first time.
fn last_opening(fleet: &Fleet, changes: &[Changed]) -> Option<Instant> {
    let first = |address: SocketAddr| {
        changes.iter().find(|it| it.address == address && it.to == State::Open).map(|it| it.at)
    };
    let first: Option<Vec<_>> = fleet.upstreams.iter().map(|it| first(it.address)).collect();
    first?.into_iter().max()
}

/// The longest back-off of all breakers as they are: of each endpoint's the one that it is in, of the service's what is left of it.
fn longest_back_off(fleet: &Fleet) -> Duration {
    let service = fleet.handle.circuit_breaker().snapshot().next_probe;
    let changes = fleet.changes();
    let last =
        |address: SocketAddr| changes.iter().rev().find(|it| it.address == address && it.to == State::Open);
    let endpoints = fleet.upstreams.iter().filter_map(|it| Some(last(it.address)?.open_for));
    endpoints.chain(service).max().unwrap_or_default()
}

fn ratio(calls: usize, probes: usize) -> f64 {
    if probes == 0 { f64::INFINITY } else { calls as f64 / probes as f64 }
}
