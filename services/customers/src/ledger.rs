//! Customers in the ledger, for the style in which that is the only place where they are.

use contracts::{CustomerId, OrderId, customers::Event};
use event_store::{EventSourced, EventTypes, StreamName};

use crate::domain::Customer;

impl EventSourced for Customer {
    const STATE_SCHEMA: &'static str = "207aa8794b2621fc";

    fn event_types() -> EventTypes<Event> {
        published::customers()
    }

    fn stream_id(id: &CustomerId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<CustomerId> {
        stream.id().parse().ok()
    }

    fn part(&self, order: &Option<OrderId>) -> Self {
        let reservation = order.and_then(|order| Some((order, *self.reservations.get(&order)?)));
        let reservations = reservation.into_iter().collect();
        Self { account: self.account.clone(), reservations }
    }

    fn size(&self) -> usize {
        1 + self.reservations.len()
    }
}

#[cfg(test)]
mod tests {
    use aggregate::Aggregate as _;
    use contracts::{Address, Money, Timestamp};
    use event_store::testing::shape;

    use super::*;
    use crate::domain::Reservation;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let order = OrderId::new(uuid::Uuid::nil());
        let eur = |amount| Money::new(amount, "EUR".parse().unwrap()).unwrap();
        let registered = Event::Registered {
            name: "Ada".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            address: Address {
                line1: "12 St James Square".parse().unwrap(),
                postal_code: "SW1Y 4JH".parse().unwrap(),
                city: "London".parse().unwrap(),
                country: "GB".parse().unwrap(),
            },
            credit_limit: eur(1_000),
            at: Timestamp::from_micros(0),
        };
        let held = Customer::fold(&[registered, Event::CreditReserved { order_id: order, amount: eur(7) }]);
        let over = [Reservation::Released, Reservation::Settled];
        let over = over.map(|it| Customer { reservations: [(order, it)].into(), ..Customer::default() });
        assert_eq!(Customer::STATE_SCHEMA, shape(&[&[held][..], &over].concat()));
    }
}
