//! The words that the tests of a product are written in.

mod offer;
mod reservations;

mod properties;

use aggregate::{Aggregate, testing::Given};
use contracts::{Count, Currency, Money, Name, OrderId, Quantity, Timestamp, warehouse::Event};
use uuid::Uuid;

use super::{Command, Product, Refusal, Reservation};

/// A product to which this happened.
fn given(events: impl IntoIterator<Item = Event>) -> Given<Product> {
    aggregate::testing::given(events)
}

/// A product of which ten pieces came in, to which this happened.
fn product_with<const N: usize>(events: [Event; N]) -> Given<Product> {
    given([added(10)].into_iter().chain(events))
}

fn no_product() -> Given<Product> {
    given([])
}

// What happens.

fn added(on_hand: i64) -> Event {
    Event::Added { name: name("Green tea"), unit_price: eur(500), on_hand: count(on_hand) }
}

fn renamed(text: &str) -> Event {
    Event::Renamed { name: name(text) }
}

fn repriced(unit_price: Money) -> Event {
    Event::Repriced { unit_price }
}

fn restocked(pieces: i64) -> Event {
    Event::Restocked { quantity: quantity(pieces) }
}

fn reserved(number: u128, pieces: i64) -> Event {
    Event::StockReserved { order_id: order(number), quantity: quantity(pieces) }
}

fn refused(number: u128, pieces: i64) -> Event {
    Event::StockRefused { order_id: order(number), quantity: quantity(pieces) }
}

fn released(number: u128, pieces: i64) -> Event {
    Event::StockReleased { order_id: order(number), quantity: quantity(pieces) }
}

fn barred(number: u128) -> Event {
    Event::StockBarred { order_id: order(number) }
}

fn taken_out(number: u128, pieces: i64) -> Event {
    Event::StockTakenOut { order_id: order(number), quantity: quantity(pieces) }
}

// What is asked.

fn add(on_hand: i64) -> Command {
    Command::Add { name: name("Green tea"), unit_price: eur(500), on_hand: count(on_hand) }
}

fn rename(text: &str) -> Command {
    Command::Rename { name: name(text) }
}

fn reprice(unit_price: Money) -> Command {
    Command::Reprice { unit_price }
}

fn restock(pieces: i64) -> Command {
    Command::Restock { quantity: quantity(pieces) }
}

fn reserve(number: u128, pieces: i64) -> Command {
    Command::ReserveStock { order_id: order(number), quantity: quantity(pieces) }
}

fn release(number: u128) -> Command {
    Command::ReleaseStock { order_id: order(number) }
}

fn take_out(number: u128) -> Command {
    Command::TakeStockOut { order_id: order(number) }
}

// Values.

fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

fn count(pieces: i64) -> Count {
    Count::new(pieces).unwrap()
}

fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::USD).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}
