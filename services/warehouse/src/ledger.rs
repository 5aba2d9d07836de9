//! Products in the ledger, for the style in which that is the only place where they are.

use aggregate::Aggregate as _;
use choreography::ledger::count::{Counters, count};
use contracts::{
    OrderId, Sku,
    warehouse::{self, Event},
};
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, Grid, StreamName};

use crate::{
    domain::{Product, Reservation},
    store::{Audited, Held},
    view,
};

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

    fn effective_at(event: &Event) -> Option<i64> {
        match event {
            Event::PriceCorrected { effective_from, .. } => Some(effective_from.micros()),
            _ => None,
        }
    }
}

/// The products after one, at most `limit`, by sku.
pub(crate) async fn list(
    grid: &Grid<Product>,
    tx: &mut Transaction,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<warehouse::Product>, Error> {
    let found = grid.page(tx, after, limit, &None).await?;
    Ok(found.into_iter().filter_map(|(sku, product)| view::of(sku, &product)).collect())
}

/// The products after one, at most `limit`, with what is set aside of them.
pub(crate) async fn audit(
    grid: &Grid<Product>,
    tx: &mut Transaction,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<Audited>, Error> {
    let mut audited = Vec::new();
    for (sku, product) in grid.wholes(tx, after, limit).await? {
        let held = product.state.reservations.iter().filter_map(|(order_id, it)| match it {
            Reservation::Held(quantity) => {
                Some(Held { order_id: *order_id, quantity: quantity.get().into() })
            }
            Reservation::Refused | Reservation::Released | Reservation::TakenOut => None,
        });
        let held = held.collect();
        audited.extend(view::of(sku, &product).map(|product| Audited { product, held }));
    }
    Ok(audited)
}

/// How many there are of what, over all products.
pub(crate) async fn counters(grid: &Grid<Product>, tx: &mut Transaction) -> Result<Counters, Error> {
    count(grid, tx, &["products", "pieces_taken_out"], |product, add| {
        add("products", 1);
        add("pieces_taken_out", product.stock.received.get() - product.stock.on_hand.get());
        for reservation in product.reservations.values() {
            let kind = match reservation {
                Reservation::Held(_) => "reservations_held",
                Reservation::Refused => "reservations_refused",
                Reservation::Released => "reservations_released",
                Reservation::TakenOut => "reservations_taken_out",
            };
            add(kind, 1);
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use contracts::Money;
    use event_store::testing::shape;

    use super::*;

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
