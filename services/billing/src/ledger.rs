//! Invoices in the ledger, for the style in which that is the only place where they are.

use aggregate::Versioned;
use contracts::{OrderId, billing::Event};
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, Grid, StreamName};

use crate::domain::Invoice;

impl EventSourced for Invoice {
    const STATE_SCHEMA: &'static str = "bc68adce432379f1";

    fn event_types() -> EventTypes<Event> {
        published::invoices()
    }

    fn stream_id(id: &OrderId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<OrderId> {
        stream.id().parse().ok()
    }
}

/// The invoice of an order.
pub(crate) async fn find(
    grid: &Grid<Invoice>,
    tx: &mut Transaction,
    order_id: OrderId,
) -> Result<Option<Versioned<Invoice>>, Error> {
    Ok(Some(grid.whole(tx, &order_id).await?).filter(Versioned::exists))
}

/// The newest invoices, at most `limit`, all of them older than the order `before` if there is one.
pub(crate) async fn newest(
    grid: &Grid<Invoice>,
    tx: &mut Transaction,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
    grid.page_before(tx, before.as_ref(), limit, &()).await
}

/// Every invoice, sorted by id.
pub(crate) async fn all(
    grid: &Grid<Invoice>,
    tx: &mut Transaction,
) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
    grid.page(tx, None, u32::MAX, &()).await
}

#[cfg(test)]
mod tests {
    use aggregate::Aggregate as _;
    use contracts::{CustomerId, Money, Timestamp, billing::BillTo};
    use event_store::testing::shape;

    use super::*;
    use crate::domain::Stage;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let at = Timestamp::from_micros(0);
        let paid = Invoice::fold(&[
            Event::Issued {
                customer_id: CustomerId::new(uuid::Uuid::nil()),
                reference: Some("mine".parse().unwrap()),
                amount: Money::new(1_299, "EUR".parse().unwrap()).unwrap(),
                bill_to: BillTo { name: "Ada".parse().unwrap(), email: "ada@example.org".parse().unwrap() },
                at,
            },
            Event::Paid { attempt: 1, at },
        ]);
        let before = [Stage::Unknown, Stage::Issued, Stage::Unpaid];
        let before = before.map(|stage| Invoice { stage, ..Invoice::default() });
        assert_eq!(Invoice::STATE_SCHEMA, shape(&[&[paid][..], &before].concat()));
    }
}
