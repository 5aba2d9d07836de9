//! The words that the tests of an order are written in.

mod commands;
mod lines;
mod outcomes;
mod view;

mod interleavings;
mod properties;

use aggregate::{Aggregate, testing::Given};
use contracts::{
    Address, Currency, CustomerId, Money, Name, Quantity, Sku, Timestamp,
    ordering::{
        Event,
        OrderStatus::{
            self, Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected,
            Shipped,
        },
        Reason,
    },
};
use uuid::Uuid;

use super::{Command, Order, Outcome, Refusal};

const STATUSES: [OrderStatus; 9] =
    [Open, Pending, CreditConfirmed, Approved, Shipped, Completed, Rejected, CancelPending, Cancelled];

const NOW: Timestamp = Timestamp::from_micros(1);

/// An order to which this happened.
fn given(events: impl IntoIterator<Item = Event>) -> Given<Order> {
    aggregate::testing::given(events)
}

/// An order that came to this status the regular way: rejected for want of credit, cancelled by its client.
fn order_in(status: OrderStatus) -> Given<Order> {
    given(past_of(status))
}

/// The orders of all statuses but these.
fn orders_not_in<const N: usize>(statuses: [OrderStatus; N]) -> impl Iterator<Item = Given<Order>> {
    STATUSES.into_iter().filter(move |status| !statuses.contains(status)).map(order_in)
}

/// An order that is to be cancelled since its carrier refused; its client wished nothing.
fn order_refused_by_its_carrier() -> Given<Order> {
    given(then(past_of(Approved), [carrier_refused()]))
}

fn past_of(status: OrderStatus) -> Vec<Event> {
    match status {
        Open => vec![created(), line_added("tea", 2)],
        Pending => then(past_of(Open), [placed()]),
        CreditConfirmed => then(past_of(Pending), [credit_confirmed()]),
        Approved => then(past_of(CreditConfirmed), [approved()]),
        Shipped => then(past_of(Approved), [shipped()]),
        Completed => then(
            past_of(Shipped),
            [Event::StockTakenOut, Event::InvoicePaid, Event::CreditSettled, completed()],
        ),
        Rejected => then(past_of(Pending), [rejected(Reason::InsufficientCredit)]),
        CancelPending => then(past_of(Pending), [cancel_started()]),
        Cancelled => then(past_of(CancelPending), [cancelled()]),
    }
}

fn then<const N: usize>(mut past: Vec<Event>, more: [Event; N]) -> Vec<Event> {
    past.extend(more);
    past
}

/// Asks all of this, one after the other; what is refused changes nothing.
fn live(order: &mut Order, commands: impl IntoIterator<Item = Command>) -> Vec<Event> {
    let mut past = Vec::new();
    for command in commands {
        for event in order.decide(&command).unwrap_or_default() {
            order.evolve(&event);
            past.push(event);
        }
    }
    past
}

/// The statuses that these events lead through.
fn statuses(past: &[Event]) -> Vec<OrderStatus> {
    let mut order = Order::default();
    let mut seen = vec![order.status];
    for event in past {
        order.evolve(event);
        seen.push(order.status);
    }
    seen.dedup();
    seen
}

// What happens.

fn created() -> Event {
    Event::Created { customer_id: customer(1), reference: None, at: NOW }
}

fn line_added(name: &str, pieces: i64) -> Event {
    Event::LineAdded { sku: sku(name), name: title(name), unit_price: eur(500), quantity: quantity(pieces) }
}

fn line_changed(name: &str, pieces: i64) -> Event {
    Event::LineChanged { sku: sku(name), quantity: quantity(pieces) }
}

fn placed() -> Event {
    Event::Placed { total: eur(1000), at: NOW }
}

fn credit_confirmed() -> Event {
    Event::CreditConfirmed { ship_to: None, at: NOW }
}

fn approved() -> Event {
    Event::Approved { at: NOW }
}

fn shipped() -> Event {
    Event::Shipped { at: NOW }
}

fn invoice_unpaid() -> Event {
    Event::InvoiceUnpaid { at: NOW }
}

fn completed() -> Event {
    Event::Completed { at: NOW }
}

fn rejected(reason: Reason) -> Event {
    Event::Rejected { reason, at: NOW }
}

fn cancel_started() -> Event {
    Event::CancelStarted { reason: None, at: NOW }
}

fn carrier_refused() -> Event {
    Event::CancelStarted { reason: Some(Reason::CarrierRefused), at: NOW }
}

fn cancelled() -> Event {
    Event::Cancelled { at: NOW }
}

// What is asked and reported.

fn create() -> Command {
    Command::Create { customer_id: customer(1), reference: None, at: NOW }
}

fn add(name: &str, pieces: i64) -> Command {
    add_priced(name, pieces, eur(500))
}

fn add_priced(name: &str, pieces: i64, unit_price: Money) -> Command {
    Command::AddLine { sku: sku(name), name: title(name), unit_price, quantity: quantity(pieces) }
}

fn change(name: &str, pieces: i64) -> Command {
    Command::ChangeLine { sku: sku(name), quantity: quantity(pieces) }
}

fn remove(name: &str) -> Command {
    Command::RemoveLine { sku: sku(name) }
}

fn place() -> Command {
    Command::Place { at: NOW }
}

fn cancel() -> Command {
    Command::Cancel { at: NOW }
}

fn report(outcome: Outcome) -> Command {
    Command::Outcome { outcome, at: NOW }
}

// Values.

fn customer(number: u128) -> CustomerId {
    CustomerId::new(Uuid::from_u128(number))
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn title(text: &str) -> Name {
    text.parse().unwrap()
}

fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

fn address() -> Address {
    Address {
        line1: title("12 St James's Square"),
        postal_code: title("SW1Y 4JH"),
        city: title("London"),
        country: "GB".parse().unwrap(),
    }
}
