//! Counting what there is in a ledger, for whoever verifies a service.

use std::collections::BTreeMap;

use database::{Error, Transaction};
use event_store::{EventSourced, Grid};

/// How many aggregates are counted at a time.
const PAGE: u32 = 256;

/// How many there are of what.
pub type Counters = BTreeMap<String, i64>;

/// How many there are of what, over all aggregates: `of` tells what one of them counts for. Of each of `at_least` there is
/// a count, if it is none.
///
/// # Errors
/// The ledger cannot be read.
pub async fn count<A: EventSourced>(
    grid: &Grid<A>,
    tx: &mut Transaction,
    at_least: &[&str],
    of: impl Fn(&A, &mut dyn FnMut(&str, i64)),
) -> Result<Counters, Error> {
    let mut counters: Counters = at_least.iter().map(|what| ((*what).to_owned(), 0)).collect();
    let mut after = None;
    loop {
        let page = grid.wholes(tx, after.as_ref(), PAGE).await?;
        for (_, aggregate) in &page {
            of(&aggregate.state, &mut |what, many| *counters.entry(what.to_owned()).or_default() += many);
        }
        let full = page.len() == PAGE as usize;
        match page.into_iter().last() {
            Some((last, _)) if full => after = Some(last),
            _ => return Ok(counters),
        }
    }
}
