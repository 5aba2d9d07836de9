//! Nobody decides what is to be done next: the order hears what the others report, and what follows is theirs.

use chassis::trace;
use contracts::{OrderId, customers, ordering::Reason};
use database::{Error as StoreError, Transaction};
use journal::{Kind, Record};

use super::{Reply, meaning};
use crate::{book::Book, domain::Outcome, error::Error};

/// How many of the journal's rows are read for the one by which an order was placed: it is among the first.
const FIRST_ROWS: u32 = 64;

/// Whoever cancels an order does so in a trace of their own, which has a part in that of the order, as far as is still told
/// how it was placed.
pub(super) async fn cancelled(tx: &mut Transaction, id: OrderId) -> Result<(), StoreError> {
    let told = journal::read(tx, id.uuid(), FIRST_ROWS).await?;
    let mut records = told.written.iter().flat_map(|written| &written.records);
    if let Some(traceparent) =
        records.find(|record| is_placing(record)).and_then(|record| record.trace.as_deref())
    {
        trace::link(traceparent);
    }
    Ok(())
}

fn is_placing(record: &Record) -> bool {
    record.entries.iter().any(|entry| entry.kind == Kind::Command && entry.name == "place")
}

/// Tells the order what a report means to it.
pub(super) async fn reported(
    tx: &mut Transaction,
    book: &Book,
    id: OrderId,
    reply: &Reply,
) -> Result<(), Error> {
    if let Some(outcome) = reported_outcome(reply) {
        book.report(tx, id, outcome).await?;
    }
    Ok(())
}

/// What a report means to the order: what the same answer does, but for the one from which a saga would know more.
#[must_use]
pub fn reported_outcome(reply: &Reply) -> Option<Outcome> {
    match reply {
        // An order that is being cancelled comes to its end by this, whatever the reason; of any other the credit is
        // released for one reason only.
        Reply::Customers(customers::Reply::CreditReleased) => {
            Some(Outcome::CreditReleased { because: Some(Reason::OutOfStock) })
        }
        reply => meaning(reply).outcome,
    }
}
