//! The words that the tests of a customer are written in.

mod account;
mod reservations;

mod properties;

use aggregate::{Aggregate, testing::Given};
use contracts::{
    Address, Currency, Money, Name, OrderId, Timestamp,
    customers::{CreditRefusal, Event},
};
use uuid::Uuid;

use super::{Command, Customer, Refusal, Reservation};

const NOW: Timestamp = Timestamp::from_micros(1);

/// A customer to whom this happened.
fn given(events: impl IntoIterator<Item = Event>) -> Given<Customer> {
    aggregate::testing::given(events)
}

/// A customer with a limit of 10.00 EUR to whom this happened.
fn customer_with<const N: usize>(events: [Event; N]) -> Given<Customer> {
    given([registered(eur(1000))].into_iter().chain(events))
}

fn nobody() -> Given<Customer> {
    given([])
}

// What happens.

fn registered(credit_limit: Money) -> Event {
    Event::Registered {
        name: name("Ada Lovelace"),
        email: "ada@example.org".parse().unwrap(),
        address: address(),
        credit_limit,
        at: NOW,
    }
}

fn limit_changed(credit_limit: Money) -> Event {
    Event::CreditLimitChanged { credit_limit }
}

fn reserved(number: u128, amount: Money) -> Event {
    Event::CreditReserved { order_id: order(number), amount }
}

fn refused(number: u128, amount: Money, reason: CreditRefusal) -> Event {
    Event::CreditRefused { order_id: order(number), amount, reason }
}

fn insufficient(number: u128, amount: Money) -> Event {
    refused(number, amount, CreditRefusal::InsufficientCredit)
}

fn released(number: u128, amount: Money) -> Event {
    Event::CreditReleased { order_id: order(number), amount }
}

fn barred(number: u128) -> Event {
    Event::CreditBarred { order_id: order(number) }
}

fn settled(number: u128, amount: Money) -> Event {
    Event::CreditSettled { order_id: order(number), amount }
}

// What is asked.

fn register() -> Command {
    register_as("Ada Lovelace")
}

fn register_as(text: &str) -> Command {
    Command::Register {
        name: name(text),
        email: "ada@example.org".parse().unwrap(),
        address: address(),
        credit_limit: eur(1000),
        at: NOW,
    }
}

fn change_limit(credit_limit: Money) -> Command {
    Command::ChangeCreditLimit { credit_limit }
}

fn reserve(number: u128, amount: Money) -> Command {
    Command::ReserveCredit { order_id: order(number), amount }
}

fn release(number: u128) -> Command {
    Command::ReleaseCredit { order_id: order(number) }
}

fn settle(number: u128) -> Command {
    Command::SettleCredit { order_id: order(number) }
}

// Values.

fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
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

fn address() -> Address {
    Address {
        line1: name("12 St James's Square"),
        postal_code: name("SW1Y 4JH"),
        city: name("London"),
        country: "GB".parse().unwrap(),
    }
}
