//! Customers in the ledger, for the style in which that is the only place where they are.

use choreography::ledger::count::{Counters, count};
use contracts::{
    CustomerId, OrderId,
    customers::{self, Event},
};
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, Grid, StreamName};

use crate::{
    domain::{Customer, Reservation},
    store::{Audited, Held},
    view,
};

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

/// The customers after one, at most `limit`. Their ids are made in the order of time.
pub(crate) async fn list(
    grid: &Grid<Customer>,
    tx: &mut Transaction,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<customers::Customer>, Error> {
    let found = grid.page(tx, after.as_ref(), limit, &None).await?;
    Ok(found.iter().filter_map(|(id, customer)| view::of(*id, customer)).collect())
}

/// The customers after one, at most `limit`, with what is set aside for their orders.
pub(crate) async fn audit(
    grid: &Grid<Customer>,
    tx: &mut Transaction,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    for (id, customer) in grid.wholes(tx, after.as_ref(), limit).await? {
        let held = customer.state.reservations.iter().filter_map(|(order_id, it)| match it {
            Reservation::Held(amount) => Some(Held { order_id: *order_id, amount: *amount }),
            Reservation::Refused(_) | Reservation::Released | Reservation::Settled => None,
        });
        let held = held.collect();
        audited.extend(view::of(id, &customer).map(|customer| Audited { customer, held }));
    }
    Ok(audited)
}

/// How many there are of what, over all customers.
pub(crate) async fn counters(grid: &Grid<Customer>, tx: &mut Transaction) -> Result<Counters, Error> {
    count(grid, tx, &["customers"], |customer, add| {
        add("customers", 1);
        for reservation in customer.reservations.values() {
            let kind = match reservation {
                Reservation::Held(_) => "reservations_held",
                Reservation::Refused(_) => "reservations_refused",
                Reservation::Released => "reservations_released",
                Reservation::Settled => "reservations_settled",
            };
            add(kind, 1);
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use aggregate::Aggregate as _;
    use contracts::{Address, Money, Timestamp};
    use event_store::testing::shape;

    use super::*;

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
