//! A document is what its owner would show, whatever it was told by: the owners' own rules make the past.

use aggregate::{Aggregate, Versioned};
use contracts::{
    Address, Count, Currency, CustomerId, Money, OrderId, Quantity, Sku, Timestamp,
    customers as told_of_customers,
    ordering::{Event, Order, Reason},
};
use customers::domain as customers_rules;
use ordering::domain as ordering_rules;
use proptest::prelude::*;
use uuid::Uuid;
use warehouse::domain as warehouse_rules;

use super::{Document, Gap, News, next};

const ORDER: OrderId = OrderId::new(Uuid::from_u128(7));
const CUSTOMER: CustomerId = CustomerId::new(Uuid::from_u128(1));

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR).unwrap()
}

fn sku(number: u8) -> Sku {
    format!("TEA-{number}").parse().unwrap()
}

fn address() -> Address {
    Address {
        line1: "1 Road".parse().unwrap(),
        postal_code: "1".parse().unwrap(),
        city: "London".parse().unwrap(),
        country: "GB".parse().unwrap(),
    }
}

/// What the rules make of commands; those that they refuse make nothing.
fn past<A: Aggregate>(commands: &[A::Command]) -> Vec<A::Event> {
    let (mut state, mut events) = (A::default(), Vec::new());
    for command in commands {
        for event in state.decide(command).unwrap_or_default() {
            state.evolve(&event);
            events.push(event);
        }
    }
    events
}

/// The documents of a past told in pieces that overlap, from a document on, are the owner's at every version.
fn is_what_the_owner_shows<A, D>(
    id: &D::Id,
    commands: &[A::Command],
    pieces: &[u8],
    shown: impl Fn(&Versioned<A>) -> Option<D>,
) where
    A: Aggregate,
    D: Document<Event = A::Event>,
{
    let events = past::<A>(commands);
    let mut owner = Versioned::<A>::default();
    let mut documents = vec![None];
    for event in &events {
        owner.state.evolve(event);
        owner.version += 1;
        documents.push(shown(&owner));
    }
    let mut known: Option<D> = None;
    let mut pieces = pieces.iter().cycle();
    while known.as_ref().map_or(0, D::version) < events.len() as u64 {
        let at = usize::try_from(known.as_ref().map_or(0, D::version)).unwrap();
        let piece = *pieces.next().unwrap();
        let before = at.saturating_sub(usize::from(piece / 4));
        let until = (at + 1 + usize::from(piece % 3)).min(events.len());
        let news = match (piece % 5, &documents[until]) {
            (0, Some(document)) => News::State(Box::new(document.clone())),
            _ => News::Events { before: before as u64, events: events[before..until].to_vec() },
        };
        known = next(known.as_ref(), id, &news).unwrap().or(known);
        assert_eq!(known, documents[until], "at {until} of {events:?}");
    }
}

fn outcomes() -> impl Strategy<Value = ordering_rules::Outcome> {
    use ordering_rules::Outcome as O;
    prop_oneof![
        Just(O::CreditReserved { ship_to: Some(address()) }),
        Just(O::CreditRefused { reason: Reason::InsufficientCredit }),
        Just(O::StockReserved),
        Just(O::StockRefused),
        Just(O::CreditReleased { because: Some(Reason::OutOfStock) }),
        Just(O::CreditReleased { because: None }),
        Just(O::Dispatched),
        Just(O::CarrierRefused),
        Just(O::StockTakenOut),
        Just(O::InvoicePaid),
        Just(O::InvoiceUnpaid),
        Just(O::CreditSettled),
    ]
}

fn order_commands() -> impl Strategy<Value = ordering_rules::Command> {
    use ordering_rules::Command as C;
    let quantity = |number: u8| Quantity::new(i64::from(number % 9) + 1).unwrap();
    prop_oneof![
        4 => (0..3_u8, any::<u8>()).prop_map(move |(number, count)| C::AddLine {
            sku: sku(number), name: "Tea".parse().unwrap(), unit_price: eur(i64::from(count)), quantity: quantity(count),
        }),
        2 => (0..3_u8, any::<u8>()).prop_map(move |(number, count)| C::ChangeLine { sku: sku(number), quantity: quantity(count) }),
        1 => (0..3_u8).prop_map(|number| C::RemoveLine { sku: sku(number) }),
        2 => (1..1000_i64).prop_map(|time| C::Place { at: at(time) }),
        1 => (1..1000_i64).prop_map(|time| C::Cancel { at: at(time) }),
        9 => (outcomes(), 1..1000_i64).prop_map(|(outcome, time)| C::Outcome { outcome, at: at(time) }),
    ]
}

fn product_commands() -> impl Strategy<Value = warehouse_rules::Command> {
    use warehouse_rules::Command as C;
    let quantity = |number: u8| Quantity::new(i64::from(number % 9) + 1).unwrap();
    let order = |number: u8| OrderId::new(Uuid::from_u128(u128::from(number % 4)));
    prop_oneof![
        any::<u8>().prop_map(|number| C::Rename { name: format!("Tea {number}").parse().unwrap() }),
        any::<u8>().prop_map(|number| C::Reprice { unit_price: eur(number.into()) }),
        any::<u8>().prop_map(move |number| C::Restock { quantity: quantity(number) }),
        (any::<u8>(), any::<u8>())
            .prop_map(move |(of, count)| C::ReserveStock { order_id: order(of), quantity: quantity(count) }),
        any::<u8>().prop_map(move |of| C::ReleaseStock { order_id: order(of) }),
        any::<u8>().prop_map(move |of| C::TakeStockOut { order_id: order(of) }),
    ]
}

fn customer_commands() -> impl Strategy<Value = customers_rules::Command> {
    use customers_rules::Command as C;
    let order = |number: u8| OrderId::new(Uuid::from_u128(u128::from(number % 4)));
    let money = |number: u8| {
        let currency = if number > 200 { "USD" } else { "EUR" };
        Money::new(i64::from(number), currency.parse().unwrap()).unwrap()
    };
    prop_oneof![
        any::<u8>().prop_map(move |limit| C::ChangeCreditLimit { credit_limit: money(limit) }),
        (any::<u8>(), any::<u8>())
            .prop_map(move |(of, much)| C::ReserveCredit { order_id: order(of), amount: money(much / 4) }),
        any::<u8>().prop_map(move |of| C::ReleaseCredit { order_id: order(of) }),
        any::<u8>().prop_map(move |of| C::SettleCredit { order_id: order(of) }),
    ]
}

proptest! {
    #[test]
    fn an_order_is_what_ordering_shows(
        mut commands in prop::collection::vec(order_commands(), 1..60),
        pieces in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        commands.insert(0, ordering_rules::Command::Create { customer_id: CUSTOMER, reference: None, at: at(1) });
        is_what_the_owner_shows::<ordering_rules::Order, Order>(&ORDER, &commands, &pieces, |owner| {
            ordering::view::of(ORDER, owner)
        });
    }

    #[test]
    fn a_product_is_what_the_warehouse_shows(
        mut commands in prop::collection::vec(product_commands(), 1..60),
        pieces in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let (name, on_hand) = ("Tea".parse().unwrap(), Count::new(20).unwrap());
        commands.insert(0, warehouse_rules::Command::Add { name, unit_price: eur(5), on_hand });
        is_what_the_owner_shows::<warehouse_rules::Product, _>(&sku(1), &commands, &pieces, |owner| {
            warehouse::view::of(sku(1), owner)
        });
    }

    #[test]
    fn a_customer_is_who_customers_shows(
        mut commands in prop::collection::vec(customer_commands(), 1..60),
        pieces in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let (name, email) = ("Ada".parse().unwrap(), "ada@example.org".parse().unwrap());
        let credit_limit = eur(200);
        commands.insert(0, customers_rules::Command::Register { name, email, address: address(), credit_limit, at: at(1) });
        is_what_the_owner_shows::<customers_rules::Customer, told_of_customers::Customer>(
            &CUSTOMER, &commands, &pieces, |owner| customers::view::of(CUSTOMER, owner),
        );
    }
}

fn created() -> Event {
    Event::Created { customer_id: CUSTOMER, reference: None, at: at(1) }
}

fn events(before: u64, events: Vec<Event>) -> News<Order> {
    News::Events { before, events }
}

#[test]
fn what_is_not_newer_changes_nothing() {
    let order =
        next::<Order>(None, &ORDER, &events(0, vec![created(), Event::CancelWished])).unwrap().unwrap();
    assert_eq!(order.version, 2);
    assert_eq!(next(Some(&order), &ORDER, &events(0, vec![created()])), Ok(None));
    assert_eq!(next(Some(&order), &ORDER, &News::State(Box::new(order.clone()))), Ok(None));
}

#[test]
fn a_gap_is_told_with_both_versions() {
    let order = next::<Order>(None, &ORDER, &events(0, vec![created()])).unwrap().unwrap();
    let late = events(3, vec![Event::CancelWished]);
    assert_eq!(next(Some(&order), &ORDER, &late), Err(Gap::Missing { before: 3, at: 1 }));
    assert_eq!(next(None, &ORDER, &late), Err(Gap::Missing { before: 3, at: 0 }));
    assert_eq!(next(None, &ORDER, &events(0, vec![Event::CancelWished])), Err(Gap::NoBeginning));
}
