//! One of three servers is ten times slower: what do those who ask notice?

use std::time::Duration;

use mesh::{balance, stack::ClientPolicy};

use super::{
    fleet::Fleet,
    load::{load, p99},
    upstream::WORK,
};
use crate::{
    Failure,
    report::{Goal, Row},
};

const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(6);

/// The 99th percentile with the slow one, as many times as without it, at 30 % of what three could take that work on so many requests at a time.
pub(super) async fn one_of_three(places: u32) -> Result<Row, Failure> {
    let capacity = 3.0 * f64::from(places) / WORK.as_secs_f64();
    let per_second = (capacity * 0.3) as u32;
    let mut ratios = vec![];
    for _ in 0..ROUNDS {
        let without = measured(2, places, per_second).await?;
        ratios.push(measured(3, places, per_second).await? / without);
    }
    let name = format!("p99 with one of three 10 times slower, {places} at a time, beside without");
    Ok(Row::new(name, &ratios).unit("times").goals(&[Goal::Nanos(1.5)]))
}

/// The last of the three is slow.
async fn measured(known: usize, places: u32, per_second: u32) -> Result<f64, Failure> {
    let fleet = Fleet::start(known, places, ClientPolicy::default(), balance::Policy::default()).await?;
    fleet.upstreams.iter().skip(2).for_each(|last| last.slower(10));
    load(&fleet.service, per_second, WARM_UP).await?;
    Ok(p99(&load(&fleet.service, per_second, MEASURED).await?))
}
