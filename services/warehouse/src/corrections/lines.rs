//! What orders have of a product, told from their streams.

use std::{ops::Range, sync::Arc};

use contracts::{Money, OrderId, Quantity, Sku, ordering::Event as OrderEvent, warehouse::CorrectedLine};
use database::Transaction;
use event_store::{Recorded, StreamName, read};
use published::category;

use super::Error;

/// How many events of an order are read at a time.
const PAGE: usize = 256;

/// What an order has of a product, if it got that at a price of this time and another than this.
pub(super) async fn line(
    tx: &mut Transaction,
    order: OrderId,
    sku: &Sku,
    time: &Range<i64>,
    unit_price: Money,
) -> Result<Option<CorrectedLine>, Error> {
    let line = line_of(tx, order, sku).await?;
    let line = line.filter(|line| time.contains(&line.added_at) && line.unit_price != unit_price);
    line.map(|line| line.corrected(order, unit_price)).transpose()
}

/// What an order has of a product.
struct Line {
    added_at: i64,
    unit_price: Money,
    quantity: Quantity,
}

impl Line {
    fn corrected(&self, order_id: OrderId, unit_price: Money) -> Result<CorrectedLine, Error> {
        let cost = |price: Money| price.times(self.quantity.get()).map_err(|_| Error::TooDear);
        Ok(CorrectedLine {
            order_id,
            quantity: self.quantity,
            unit_price: self.unit_price,
            cost: cost(self.unit_price)?,
            would_have_cost: cost(unit_price)?,
        })
    }
}

/// The line of an order, unless that was refused or cancelled.
async fn line_of(tx: &mut Transaction, id: OrderId, sku: &Sku) -> Result<Option<Line>, database::Error> {
    let stream = StreamName::new(category::ORDER, &id.to_string()).map_err(unreadable)?;
    let types = published::orders();
    let (mut line, mut from): (Option<Line>, u64) = (None, 1);
    loop {
        let page = read::forward(tx, &stream, from, u64::MAX, PAGE).await?;
        for event in &page {
            line = with(line, types.read(event).map_err(unreadable)?, event, sku);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => from = last.version + 1,
            _ => return Ok(line),
        }
    }
}

fn with(line: Option<Line>, event: OrderEvent, recorded: &Recorded, of: &Sku) -> Option<Line> {
    match event {
        OrderEvent::LineAdded { sku, unit_price, quantity, .. } if sku == *of => {
            Some(Line { added_at: recorded.effective_at, unit_price, quantity })
        }
        OrderEvent::LineChanged { sku, quantity } if sku == *of => line.map(|line| Line { quantity, ..line }),
        OrderEvent::LineRemoved { sku } if sku == *of => None,
        OrderEvent::Rejected { .. } | OrderEvent::Cancelled { .. } => None,
        _ => line,
    }
}

pub(super) fn unreadable(source: impl std::error::Error + Send + Sync + 'static) -> database::Error {
    database::Error::Layer { doing: "reading an order in the ledger", source: Arc::new(source) }
}
