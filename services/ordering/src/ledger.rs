//! Orders in the ledger, for the style in which that is the only place where they are.

use contracts::{OrderId, ordering::Event};
use event_store::{EventSourced, EventTypes, StreamName};

use crate::domain::Order;

impl EventSourced for Order {
    const STATE_SCHEMA: &'static str = "e9f5edd90e5cb15d";

    fn event_types() -> EventTypes<Event> {
        published::orders()
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
    use contracts::{Address, CustomerId, Money, Timestamp, ordering::Reason};
    use event_store::testing::shape;

    use super::*;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let at = Timestamp::from_micros(0);
        let ship_to = Some(Address {
            line1: "12 St James Square".parse().unwrap(),
            postal_code: "SW1Y 4JH".parse().unwrap(),
            city: "London".parse().unwrap(),
            country: "GB".parse().unwrap(),
        });
        let unit_price = Money::new(1_299, "EUR".parse().unwrap()).unwrap();
        let (sku, name, quantity) =
            ("TEA".parse().unwrap(), "Green tea".parse().unwrap(), 2.try_into().unwrap());
        let (customer_id, reference) = (CustomerId::new(uuid::Uuid::nil()), Some("mine".parse().unwrap()));
        let order = Order::fold(&[
            Event::Created { customer_id, reference, at },
            Event::LineAdded { sku, name, unit_price, quantity },
            Event::Placed { total: unit_price, at },
            Event::CreditConfirmed { ship_to, at },
            Event::Rejected { reason: Reason::OutOfStock, at },
        ]);
        assert_eq!(Order::STATE_SCHEMA, shape(&[order]));
    }
}
