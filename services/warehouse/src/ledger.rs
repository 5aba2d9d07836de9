//! Products in the ledger, for the style in which that is the only place where they are.

use aggregate::Aggregate as _;
use contracts::{OrderId, Sku, warehouse::Event};
use event_store::{EventSourced, EventTypes, StreamName};

use crate::domain::Product;

impl EventSourced for Product {
    const STATE_SCHEMA: &'static str = "048d28af3bf62c60";

    fn event_types() -> EventTypes<Event> {
        published::products()
    }

    fn stream_id(id: &Sku) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<Sku> {
        stream.id().parse().ok()
    }

    fn part(&self, order: &Option<OrderId>) -> Self {
        let reservation = order.and_then(|order| Some((order, *self.reservations.get(&order)?)));
        let reservations = reservation.into_iter().collect();
        Self { offer: self.offer.clone(), stock: self.stock, reservations }
    }

    fn size(&self) -> usize {
        1 + self.reservations.len()
    }

    /// A correction counts from when it is effective, whether the price was changed since or not.
    fn evolve_effective(&mut self, event: &Event) {
        match event {
            Event::PriceCorrected { unit_price, .. } => {
                self.evolve(&Event::Repriced { unit_price: *unit_price });
            }
            event => self.evolve(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::Money;
    use event_store::testing::shape;

    use super::*;
    use crate::domain::Reservation;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let order = OrderId::new(uuid::Uuid::nil());
        let added = Event::Added {
            name: "Green tea".parse().unwrap(),
            unit_price: Money::new(1_299, "EUR".parse().unwrap()).unwrap(),
            on_hand: 7.try_into().unwrap(),
        };
        let quantity = 2.try_into().unwrap();
        let held = Product::fold(&[added, Event::StockReserved { order_id: order, quantity }]);
        let over = [Reservation::Released, Reservation::TakenOut];
        let over = over.map(|it| Product { reservations: [(order, it)].into(), ..Product::default() });
        assert_eq!(Product::STATE_SCHEMA, shape(&[&[held][..], &over].concat()));
    }
}
