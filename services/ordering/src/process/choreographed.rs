//! Nobody decides what is to be done next: the order hears what the others report, and what follows is theirs.

use contracts::{OrderId, customers, ordering::Reason};
use database::Transaction;

use super::{Reply, meaning};
use crate::{book::Book, domain::Outcome, error::Error};

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
