//! What it means that a product should have cost something else in the past: which orders got its price then.
//!
//! Told from the ledger, where the times are. An order names the product once stock was set aside for it, so the product's
//! own stream tells which orders to look at; each of them tells when its line was added. Nothing of that is changed.

use std::{collections::BTreeSet, sync::Arc};

use contracts::{
    Money, OrderId, Quantity, Sku, Timestamp,
    ordering::Event as OrderEvent,
    warehouse::{CorrectedLine, Correction, Event},
};
use database::Transaction;
use event_store::{AsOf, Grid, Recorded, StreamName, read};
use published::category;
use uuid::Uuid;

use crate::{
    application::{self, Application, Correcting},
    domain::{Product, Refusal, Reservation},
};

/// How many events of the product since then are looked at; beyond that it is refused, for the answer is found again in the
/// transaction that commits it, which others wait for.
pub const MOST: usize = 10_000;

/// How many events are read at a time.
const PAGE: usize = 256;

/// Why a correction means nothing, or is not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The product did not exist then.
    #[error("the product was not kept then")]
    NotKept,
    /// It is about the future.
    #[error("only the past can be corrected")]
    NotYet,
    /// A line would have cost more than can be counted.
    #[error("a line would have cost more than can be counted")]
    TooDear,
    /// Too much happened since to tell what it means.
    #[error("more than {MOST} things happened to the product since")]
    TooLongAgo,
    /// It means something else than the one who asks has seen.
    #[error("the correction means something else by now")]
    Changed,
    /// It is against the rules, or the store failed.
    #[error(transparent)]
    Application(#[from] application::Error),
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Self {
        Self::Application(error.into())
    }
}

/// What a correction would mean if it were made now.
///
/// # Errors
/// See [`Error`]; never [`Error::Changed`].
pub async fn foresee(
    grid: &Grid<Product>,
    tx: &mut Transaction,
    correcting: &Correcting,
) -> Result<Correction, Error> {
    let Correcting { sku, unit_price, effective_from } = correcting.clone();
    if effective_from.micros() > tx.now() {
        return Err(Error::NotYet);
    }
    let then = AsOf { effective: effective_from.micros(), known: None };
    let known_price = match grid.repository().as_of(tx, &sku, then).await?.state.offer {
        Some(offer) => offer.unit_price,
        None if grid.whole(tx, &sku).await?.exists() => return Err(Error::NotKept),
        None => return Err(application::Error::from(Refusal::UnknownProduct).into()),
    };
    let Since { repriced, orders } = since(grid, tx, &sku, effective_from.micros()).await?;
    let time = effective_from.micros()..repriced.unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    for order_id in orders {
        if let Some(line) = line_of(tx, order_id, &sku).await?
            && time.contains(&line.added_at)
            && line.unit_price != unit_price
        {
            lines.push(line.corrected(order_id, unit_price)?);
        }
    }
    let effective_until = repriced.map(Timestamp::from_micros);
    Ok(Correction { sku, unit_price, effective_from, effective_until, known_price, lines, version: None })
}

/// Makes a correction, if it still means what the one who asks has seen: that of this [`tag`].
///
/// # Errors
/// See [`Error`].
pub async fn make(
    application: &Application,
    grid: &Grid<Product>,
    tx: &mut Transaction,
    correcting: &Correcting,
    seen: u64,
) -> Result<Correction, Error> {
    let correction = foresee(grid, tx, correcting).await?;
    if tag(&correction) != seen {
        return Err(Error::Changed);
    }
    let in_force = correction.effective_until.is_none();
    let product = application.correct(tx, correcting, in_force).await?;
    Ok(Correction { version: Some(product.version), ..correction })
}

/// What tells one foreseen correction from another.
#[must_use]
pub fn tag(correction: &Correction) -> u64 {
    // It has a JSON form: it is an answer.
    let told = serde_json::to_vec(correction).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &told).as_u64_pair().0
}

/// What happened to a product after an instant.
struct Since {
    /// When its price was next changed.
    repriced: Option<i64>,
    /// The orders for which it was set aside, and not in vain.
    orders: BTreeSet<OrderId>,
}

/// Recorded times never go back, and nothing is recorded before it is effective: what was effective since, or made it known
/// that somebody ordered, was recorded since.
async fn since(grid: &Grid<Product>, tx: &mut Transaction, sku: &Sku, instant: i64) -> Result<Since, Error> {
    let stream = event_store::Repository::<Product>::stream(sku)?;
    let reservations = grid.whole(tx, sku).await?.state.reservations;
    let (mut found, mut looked, mut from) = (Since { repriced: None, orders: BTreeSet::new() }, 0, u64::MAX);
    loop {
        let page = read::backward(tx, &stream, from, PAGE).await?;
        for event in page.iter().take_while(|event| event.recorded_at >= instant) {
            looked += 1;
            match grid.repository().read_of(event)? {
                Event::Repriced { .. } | Event::PriceCorrected { .. } if event.effective_at > instant => {
                    let earlier = found.repriced.map_or(event.effective_at, |at| at.min(event.effective_at));
                    found.repriced = Some(earlier);
                }
                Event::StockReserved { order_id, .. }
                    if !matches!(reservations.get(&order_id), None | Some(Reservation::Released)) =>
                {
                    found.orders.insert(order_id);
                }
                _ => {}
            }
        }
        if looked > MOST {
            return Err(Error::TooLongAgo);
        }
        match page.last() {
            Some(last) if last.recorded_at >= instant && last.version > 1 => from = last.version - 1,
            _ => return Ok(found),
        }
    }
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

/// The line of an order as it was placed.
async fn line_of(tx: &mut Transaction, id: OrderId, sku: &Sku) -> Result<Option<Line>, database::Error> {
    let stream = StreamName::new(category::ORDER, &id.to_string()).map_err(unreadable)?;
    let types = published::orders();
    let (mut line, mut from): (Option<Line>, u64) = (None, 1);
    loop {
        let page = read::forward(tx, &stream, from, u64::MAX, PAGE).await?;
        for event in &page {
            let told = types.read(event).map_err(unreadable)?;
            if matches!(told, OrderEvent::Placed { .. }) {
                return Ok(line);
            }
            line = with(line, told, event, sku);
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
        _ => line,
    }
}

fn unreadable(source: impl std::error::Error + Send + Sync + 'static) -> database::Error {
    database::Error::Layer { doing: "reading an order in the ledger", source: Arc::new(source) }
}
