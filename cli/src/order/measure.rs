//! What an order takes: the figures that tell the styles apart, from the timelines of the orders themselves.

use contracts::{OrderId, timeline::Totals};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::report::PerOrder;
use crate::remote::{Api, Error};

/// How many timelines are asked for at a time.
const AT_A_TIME: usize = 8;

/// What these orders took on average. Nothing is measured where a service is away, or has forgotten: what is left out would
/// look like what was not needed.
///
/// # Errors
/// The gateway does not tell.
pub(super) async fn per_order(api: &Api, orders: impl Iterator<Item = &OrderId>) -> Result<PerOrder, Error> {
    let told = stream::iter(orders).map(|order| api.timeline(*order)).buffer_unordered(AT_A_TIME);
    let complete =
        told.map_ok(|told| (!told.entries.is_empty() && told.warnings.is_empty()).then_some(told.totals));
    let totals: Vec<Option<Totals>> = complete.try_collect().await?;
    Ok(totals
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map_or_else(PerOrder::default, |totals| average(&totals)))
}

fn average(totals: &[Totals]) -> PerOrder {
    let each = |of: fn(&Totals) -> u64| {
        let sum: u64 = totals.iter().map(of).sum();
        (!totals.is_empty()).then(|| sum as f64 / totals.len() as f64)
    };
    PerOrder {
        messages: each(|it| it.messages),
        calls: each(|it| it.calls),
        bytes: each(|it| it.bytes),
        commits: each(|it| it.commits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_takes_its_part_of_what_all_took() {
        let totals = |messages, commits| Totals { messages, calls: 4, bytes: 100, commits };
        let expected =
            PerOrder { messages: Some(1.5), calls: Some(4.0), bytes: Some(100.0), commits: Some(20.5) };
        assert_eq!(average(&[totals(1, 20), totals(2, 21)]), expected);
    }

    #[test]
    fn what_nobody_ordered_took_nothing_that_can_be_told() {
        assert_eq!(average(&[]), PerOrder::default());
    }
}
