//! What it means that a product should have cost something else in the past: which orders got its price then.
//!
//! Told from the ledger, where the times are: every line that was added to an order since then is there, whether stock was set
//! aside for it or not. Nothing of that is changed. To look is to read all that happened since, so it is done outside of the
//! transaction that commits the correction; that one reads only what came in between.

mod lines;
mod since;

use std::collections::BTreeSet;

use contracts::{OrderId, Timestamp, warehouse::Correction};
use database::Transaction;
use event_store::{AsOf, Grid, read};
use uuid::Uuid;

use self::{
    lines::line,
    since::{Since, adds, is_price_of, order_of, scan, since},
};
use crate::{
    application::{self, Application, Correcting},
    domain::{Product, Refusal},
};

/// How many events of the ledger since then are looked at: those of some 40,000 orders.
pub const MOST: u64 = 1_000_000;

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
    #[error("too much happened since")]
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

/// What a correction would mean.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// What it would mean.
    pub correction: Correction,
    /// Up to this position of the ledger.
    position: u64,
}

/// What a correction would mean if it were made now, unless more than `most` events were recorded since the time that it is
/// about.
///
/// # Errors
/// See [`Error`]; never [`Error::Changed`].
pub async fn foresee(
    grid: &Grid<Product>,
    tx: &mut Transaction,
    correcting: &Correcting,
    most: u64,
) -> Result<Foreseen, Error> {
    let Correcting { sku, unit_price, effective_from } = correcting.clone();
    let instant = effective_from.micros();
    if instant > tx.now() {
        return Err(Error::NotYet);
    }
    let then = AsOf { effective: instant, known: None };
    let known_price = match grid.repository().as_of(tx, &sku, then).await?.state.offer {
        Some(offer) => offer.unit_price,
        None if grid.whole(tx, &sku).await?.exists() => return Err(Error::NotKept),
        None => return Err(application::Error::from(Refusal::UnknownProduct).into()),
    };
    // Recorded times never go back, and nothing is recorded before it is effective: what was effective since was recorded since.
    let (after, position) = (read::before(tx, instant).await?, read::last(tx).await?);
    if position.saturating_sub(after) > most {
        return Err(Error::TooLongAgo);
    }
    let Since { repriced, orders } = since(tx, &sku, after, position, instant).await?;
    let time = instant..repriced.unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    for order_id in orders {
        lines.extend(line(tx, order_id, &sku, &time, unit_price).await?);
    }
    let effective_until = repriced.map(Timestamp::from_micros);
    let correction =
        Correction { sku, unit_price, effective_from, effective_until, known_price, lines, version: None };
    Ok(Foreseen { correction, position })
}

/// Makes a correction, if it still means what the one who asks has seen: that of this [`tag`]. What was foreseen a moment ago
/// is looked at again only as far as something happened since.
///
/// # Errors
/// See [`Error`].
pub async fn make(
    application: &Application,
    grid: &Grid<Product>,
    tx: &mut Transaction,
    correcting: &Correcting,
    seen: u64,
    foreseen: Option<&Foreseen>,
) -> Result<Correction, Error> {
    let correction = match foreseen {
        Some(foreseen) => foreseen.still(tx).await?,
        None => foresee(grid, tx, correcting, MOST).await?.correction,
    };
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

impl Foreseen {
    /// The same, if nothing that happened since makes it another.
    async fn still(&self, tx: &mut Transaction) -> Result<Correction, Error> {
        let Correction { sku, unit_price, effective_from, effective_until, lines, .. } = &self.correction;
        let until = effective_until.map_or(i64::MAX, Timestamp::micros);
        let foreseen = |id: OrderId| lines.iter().find(|line| line.order_id == id);
        let (end, types) = (read::last(tx).await?, published::orders());
        let (mut touched, mut repriced) = (BTreeSet::new(), false);
        scan(tx, self.position, end, &[], |event| {
            repriced |= is_price_of(event, sku);
            if let Some(order) = order_of(event)
                && (foreseen(order).is_some() || adds(&types, event, sku)?)
            {
                touched.insert(order);
            }
            Ok(())
        })
        .await?;
        for order in touched {
            let now = line(tx, order, sku, &(effective_from.micros()..until), *unit_price).await?;
            if now.as_ref() != foreseen(order) {
                return Err(Error::Changed);
            }
        }
        if repriced { Err(Error::Changed) } else { Ok(self.correction.clone()) }
    }
}
