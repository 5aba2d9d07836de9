//! Shipments in the ledger, for the style in which that is the only place where they are.

use contracts::{OrderId, shipping::Event};
use event_store::{EventSourced, EventTypes, StreamName};

use crate::domain::Shipment;

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
