//! Half of all calls fail: how many attempts are made beyond the first ones?

use std::time::Duration;

use mesh::{
    balance, budget, retry,
    stack::{AttemptPolicy, ClientPolicy},
};
use tokio::time::Instant;

use super::{
    fleet::Fleet,
    load::load,
    svg,
    upstream::{Asked, PLACES, Upstream},
};
use crate::{
    Failure,
    report::{Goal, Row},
};

/// How long a request is on its way at most: the servers see attempts a little later than the budget does.
const ON_THE_WAY: Duration = Duration::from_millis(50);

/// The attempts beyond the first ones at a bucket's edge, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) seconds: f64,
    pub(super) again: f64,
    pub(super) at_most: f64,
}

/// Of all edges the worst, as the servers count; and a graph of them over time.
pub(super) async fn under_failures() -> Result<(Row, String), Failure> {
    let allowed = budget::Policy { window: Duration::from_secs(5), buckets: 10, ..budget::Policy::default() };
    let backoff = retry::Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(1) };
    let attempts = AttemptPolicy::Retry(retry::Policy { attempts: 3, backoff, ..retry::Policy::default() });
    let policy =
        ClientPolicy { attempts, budget: allowed.clone(), circuit_breaker: None, ..ClientPolicy::default() };
    let pool = balance::Policy { breaker: None, outlier: None, ..balance::Policy::default() };
    let fleet = Fleet::start(3, PLACES, policy, pool).await?;
    fleet.upstreams.iter().for_each(|it| it.fails(50));
    let begun = Instant::now();
    // Much, little, much again: a budget that counted the future, or forgot the past, would show at the steps.
    for (per_second, seconds) in [(400, 6), (20, 6), (400, 6), (40, 4)] {
        load(&fleet.service, per_second, Duration::from_secs(seconds)).await?;
    }
    let asked: Vec<Asked> = fleet.upstreams.iter().flat_map(Upstream::asked).collect();
    let edges = edges(&asked, begun, begun.elapsed(), &allowed);
    let worst: Vec<_> = edges.iter().map(|edge| edge.again / edge.at_most).collect();
    let most = worst.iter().copied().fold(0.0, f64::max);
    let row = Row::new("further attempts at the worst of a budget's edges, of what may be", &[most]);
    Ok((row.unit("times").goals(&[Goal::Nanos(1.0)]), svg::graph(&edges)))
}

fn edges(asked: &[Asked], begun: Instant, time: Duration, allowed: &budget::Policy) -> Vec<Edge> {
    let bucket = allowed.window / u32::try_from(allowed.buckets).unwrap_or(u32::MAX);
    let count = |from: Duration, to: Duration, again: bool| {
        let within = |at: Instant| (from..to).contains(&at.saturating_duration_since(begun));
        asked.iter().filter(|it| it.again == again && within(it.at)).count() as f64
    };
    let number = u32::try_from(time.as_micros() / bucket.as_micros()).unwrap_or(u32::MAX);
    let edge = |edge: u32| {
        let (from, to) = ((bucket * edge).saturating_sub(allowed.window), bucket * edge);
        let first = count(from.saturating_sub(ON_THE_WAY), to, false);
        let at_most = f64::from(allowed.floor) + first * f64::from(allowed.percent) / 100.0;
        Edge { seconds: to.as_secs_f64(), again: count(from + ON_THE_WAY, to, true), at_most }
    };
    (1..=number).map(edge).collect()
}
