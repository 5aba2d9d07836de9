//! What happened to orders and products in the ledger that a price may have to do with.

use std::collections::BTreeSet;

use contracts::{OrderId, Sku, ordering::Event as OrderEvent};
use database::Transaction;
use event_store::{EventTypes, Filter, Recorded, read};
use published::category;

use super::lines::unreadable;

/// How many events are read at a time.
const PAGE: usize = 1_024;

/// What happened after an instant that a price may have to do with.
#[derive(Default)]
pub(super) struct Since {
    /// When the product's price was next changed.
    pub(super) repriced: Option<i64>,
    /// The orders to which the product was added.
    pub(super) orders: BTreeSet<OrderId>,
}

pub(super) async fn since(
    tx: &mut Transaction,
    sku: &Sku,
    after: u64,
    up_to: u64,
    instant: i64,
) -> Result<Since, database::Error> {
    let (mut found, types) = (Since::default(), published::orders());
    scan(tx, after, up_to, &["line_added", "repriced", "price_corrected"], |event| {
        if is_price_of(event, sku) && event.effective_at > instant {
            found.repriced = Some(found.repriced.map_or(event.effective_at, |at| at.min(event.effective_at)));
        }
        if let Some(order) = order_of(event)
            && adds(&types, event, sku)?
        {
            found.orders.insert(order);
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Looks at what happened to orders and products after a position and up to another; of these types, if any are named.
pub(super) async fn scan(
    tx: &mut Transaction,
    mut after: u64,
    up_to: u64,
    kinds: &[&str],
    mut look: impl FnMut(&Recorded) -> Result<(), database::Error>,
) -> Result<(), database::Error> {
    let filter = Filter::default().categories(&[category::ORDER, category::PRODUCT]).unwrap_or_default();
    let filter = if kinds.is_empty() { filter } else { filter.kinds(kinds) };
    while after < up_to {
        let page = read::all(tx, after, up_to, &filter, PAGE).await?;
        page.events.iter().try_for_each(&mut look)?;
        after = page.scanned.max(after + 1);
    }
    Ok(())
}

/// Whether an event changed what this product costs, or cost.
pub(super) fn is_price_of(event: &Recorded, sku: &Sku) -> bool {
    event.stream.category() == category::PRODUCT
        && event.stream.id() == sku.as_str()
        && matches!(event.kind.as_str(), "repriced" | "price_corrected")
}

/// The order that an event happened to, if to one.
pub(super) fn order_of(event: &Recorded) -> Option<OrderId> {
    (event.stream.category() == category::ORDER).then(|| event.stream.id().parse().ok())?
}

/// Whether an order's event added this product to it.
pub(super) fn adds(
    types: &EventTypes<OrderEvent>,
    event: &Recorded,
    of: &Sku,
) -> Result<bool, database::Error> {
    if event.kind != "line_added" {
        return Ok(false);
    }
    let event = types.read(event).map_err(unreadable)?;
    Ok(matches!(event, OrderEvent::LineAdded { sku, .. } if sku == *of))
}
