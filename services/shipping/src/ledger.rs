//! Shipments in the ledger, for the style in which that is the only place where they are.

use contracts::{
    OrderId,
    shipping::{self, Event},
};
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, Grid, StreamName};

use crate::{domain::Shipment, view};

impl EventSourced for Shipment {
    const STATE_SCHEMA: &'static str = "91bd24f1d30454ab";

    fn event_types() -> EventTypes<Event> {
        published::shipments()
    }

    fn stream_id(id: &OrderId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<OrderId> {
        stream.id().parse().ok()
    }
}

/// The shipment of an order, as clients see it.
pub(crate) async fn find(
    grid: &Grid<Shipment>,
    tx: &mut Transaction,
    order_id: OrderId,
) -> Result<Option<shipping::Shipment>, Error> {
    Ok(view::of(order_id, &grid.whole(tx, &order_id).await?))
}

/// The newest shipments, at most `limit`, all of them older than the order `before` if there is one.
pub(crate) async fn newest(
    grid: &Grid<Shipment>,
    tx: &mut Transaction,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<shipping::Shipment>, Error> {
    let found = grid.page_before(tx, before.as_ref(), limit, &()).await?;
    Ok(found.iter().filter_map(|(order_id, shipment)| view::of(*order_id, shipment)).collect())
}

/// Every shipment, sorted by id.
pub(crate) async fn all(
    grid: &Grid<Shipment>,
    tx: &mut Transaction,
) -> Result<Vec<shipping::Shipment>, Error> {
    let found = grid.page(tx, None, u32::MAX, &()).await?;
    Ok(found.iter().filter_map(|(order_id, shipment)| view::of(*order_id, shipment)).collect())
}

#[cfg(test)]
mod tests {
    use aggregate::Aggregate as _;
    use contracts::{Address, Line, Timestamp};
    use event_store::testing::shape;

    use super::*;
    use crate::domain::Stage;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let address = Address {
            line1: "12 St James Square".parse().unwrap(),
            postal_code: "SW1Y 4JH".parse().unwrap(),
            city: "London".parse().unwrap(),
            country: "GB".parse().unwrap(),
        };
        let lines = vec![Line { sku: "TEA".parse().unwrap(), quantity: 2.try_into().unwrap() }];
        let (carrier, tracking_number) = ("Swift".to_owned(), "SW-1".to_owned());
        let dispatched = Shipment::fold(&[
            Event::Requested { reference: Some("mine".parse().unwrap()), address, lines },
            Event::Dispatched { carrier, tracking_number, at: Timestamp::from_micros(0) },
        ]);
        let before = [Stage::Unknown, Stage::Requested, Stage::Booking, Stage::CalledOff, Stage::Refused];
        let before = before.map(|stage| Shipment { stage, ..Shipment::default() });
        assert_eq!(Shipment::STATE_SCHEMA, shape(&[&[dispatched][..], &before].concat()));
    }
}
