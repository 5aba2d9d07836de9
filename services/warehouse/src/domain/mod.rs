//! What there is, what it costs, and how much of it is spoken for: rules only, with no IO, clock or id generator.
//!
//! Stock is set aside for an order, once. It is freed when the order comes to nothing (released), or leaves the house
//! (taken out). Either way the reservation stays as a tombstone. A release leaves one even where it finds nothing,
//! since an undo may overtake what it undoes; a reservation that comes after it is refused. A refusal stays as well: an order
//! that asks again is answered as before, though more may have come in by then.
//!
//! One product decides about itself; that an order gets all its lines or none is decided above, where one
//! transaction asks every product.
//!
//! **Invariant:** what is reserved is the sum of the reservations that are held, and is on hand.

mod command;
mod refusal;

mod stock;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aggregate::Aggregate;
use contracts::{Money, Name, OrderId, Quantity, Sku, warehouse::Event};
use serde::{Deserialize, Serialize};

pub use command::Command;
pub use refusal::Refusal;
pub use stock::Stock;

/// A product, with what is set aside of it for orders.
///
/// The fields are public so that a store can keep them in columns and put them together again; only
/// [`evolve`](Aggregate::evolve) changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// What is offered; `None` if there is no such product.
    pub offer: Option<Offer>,
    /// How many pieces there are.
    pub stock: Stock,
    /// What became of the stock of each order. A store may leave out those that a command is not about, so no rule
    /// sums them up.
    pub reservations: BTreeMap<OrderId, Reservation>,
}

/// What is offered to those who order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is called.
    pub name: Name,
    /// What one piece costs.
    pub unit_price: Money,
}

/// What became of the stock of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    /// So many pieces are set aside.
    Held(Quantity),
    /// There were not enough, and none are set aside later.
    Refused,
    /// They are free, and none are set aside again: the order came to nothing.
    Released,
    /// They have left the house.
    TakenOut,
}

impl Aggregate for Product {
    const NAME: &'static str = "product";
    type Id = Sku;
    /// The order whose reservation a command is about.
    type Scope = Option<OrderId>;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match (&self.offer, command) {
            (None, Command::Add { name, unit_price, on_hand }) => {
                Ok(vec![Event::Added { name: name.clone(), unit_price: *unit_price, on_hand: *on_hand }])
            }
            // Unlike an id, a sku is chosen by the one who adds: the second one to choose it is not a repeated one.
            (Some(_), Command::Add { .. }) => Err(Refusal::AlreadyExists),

            (Some(offer), Command::Rename { name }) if offer.name == *name => Ok(vec![]),
            (Some(_), Command::Rename { name }) => Ok(vec![Event::Renamed { name: name.clone() }]),
            (Some(offer), Command::Reprice { unit_price }) if offer.unit_price == *unit_price => Ok(vec![]),
            (Some(_), Command::Reprice { unit_price }) => {
                Ok(vec![Event::Repriced { unit_price: *unit_price }])
            }

            // Which price was in force when is a matter of times, and those who ask have looked.
            (Some(_), &Command::CorrectPrice { unit_price, effective_from, in_force }) => {
                Ok(vec![Event::PriceCorrected { unit_price, effective_from, in_force }])
            }

            (Some(_), Command::Restock { quantity }) => self.restock(*quantity),
            (Some(_), Command::ReserveStock { order_id, quantity }) => self.reserve(*order_id, *quantity),
            (Some(_), Command::ReleaseStock { order_id }) => Ok(self.release(*order_id)),
            (Some(_), Command::TakeStockOut { order_id }) => Ok(self.take_out(*order_id)),

            // Nothing was set aside, and nothing is offered that could be.
            (None, Command::ReleaseStock { .. } | Command::TakeStockOut { .. }) => Ok(vec![]),
            (None, _) => Err(Refusal::UnknownProduct),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Added { name, unit_price, on_hand } => {
                self.offer = Some(Offer { name: name.clone(), unit_price: *unit_price });
                self.stock = Stock::of(*on_hand);
            }
            Event::Renamed { name } => {
                if let Some(offer) = &mut self.offer {
                    offer.name.clone_from(name);
                }
            }
            Event::Repriced { unit_price } => {
                if let Some(offer) = &mut self.offer {
                    offer.unit_price = *unit_price;
                }
            }
            Event::PriceCorrected { unit_price, in_force, .. } => {
                if let Some(offer) = &mut self.offer
                    && *in_force
                {
                    offer.unit_price = *unit_price;
                }
            }
            Event::Restocked { quantity } => self.stock.came_in(*quantity),
            Event::StockReserved { order_id, quantity } => {
                self.reservations.insert(*order_id, Reservation::Held(*quantity));
                self.stock.set_aside(*quantity);
            }
            Event::StockRefused { order_id, .. } => {
                self.reservations.insert(*order_id, Reservation::Refused);
            }
            Event::StockReleased { order_id, quantity } => {
                self.reservations.insert(*order_id, Reservation::Released);
                self.stock.freed(*quantity);
            }
            Event::StockBarred { order_id } => {
                self.reservations.insert(*order_id, Reservation::Released);
            }
            Event::StockTakenOut { order_id, quantity } => {
                self.reservations.insert(*order_id, Reservation::TakenOut);
                self.stock.left(*quantity);
            }
        }
    }
}

impl Product {
    /// Whether an order was refused its pieces.
    #[must_use]
    pub fn has_refused(&self, order_id: OrderId) -> bool {
        self.reservations.get(&order_id) == Some(&Reservation::Refused)
    }

    /// Whether there is such a product.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.offer.is_some()
    }

    fn restock(&self, quantity: Quantity) -> Result<Vec<Event>, Refusal> {
        // What came in is the largest of the counts: where it fits, the others do.
        match self.stock.received.plus(quantity) {
            Some(_) => Ok(vec![Event::Restocked { quantity }]),
            None => Err(Refusal::CountTooLarge),
        }
    }

    fn reserve(&self, order_id: OrderId, quantity: Quantity) -> Result<Vec<Event>, Refusal> {
        match self.reservations.get(&order_id) {
            Some(Reservation::Held(_) | Reservation::Refused | Reservation::TakenOut) => Ok(vec![]), // asked twice
            Some(Reservation::Released) => Err(Refusal::Released),
            None if self.stock.available().minus(quantity).is_none() => {
                Ok(vec![Event::StockRefused { order_id, quantity }])
            }
            None => Ok(vec![Event::StockReserved { order_id, quantity }]),
        }
    }

    fn release(&self, order_id: OrderId) -> Vec<Event> {
        match self.reservations.get(&order_id) {
            None => vec![Event::StockBarred { order_id }],
            Some(Reservation::Held(quantity)) => vec![Event::StockReleased { order_id, quantity: *quantity }],
            Some(Reservation::Refused | Reservation::Released | Reservation::TakenOut) => vec![],
        }
    }

    fn take_out(&self, order_id: OrderId) -> Vec<Event> {
        match self.reservations.get(&order_id) {
            Some(Reservation::Held(quantity)) => vec![Event::StockTakenOut { order_id, quantity: *quantity }],
            None | Some(Reservation::Refused | Reservation::Released | Reservation::TakenOut) => vec![],
        }
    }
}
