//! A past to be read: the events of many orders that went well, written into a ledger in bulk.
//!
//! They are the events that an order makes in the style `event-sourcing`, of every service and in every category, made by the same
//! types; and they are as far from each other as those of 64 clients are.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
};

use contracts::{
    Address, Contact, Count, Currency, CustomerId, Email, Line, Money, Name, OrderId, Quantity, Reference,
    Sku, Timestamp,
    billing::{self, BillTo},
    customers, ordering, shipping, warehouse,
};
use database::{Clock, Database, Options};
use event_store::{EventTypes, StreamName, types::Encoded};
use published::category;
use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Failure, model};

/// Orders that are under way at the same time.
const CLIENTS: usize = 64;

/// Customers and products: each order has one of both.
const CUSTOMERS: u64 = 256;
const PRODUCTS: u64 = 256;

/// Events in one transaction.
const BATCH: u64 = 10_000;

/// How far apart they were recorded, in microseconds.
const APART: i64 = 37;

/// An event that was recorded in a stream.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) stream: StreamName,
    pub(crate) encoded: Encoded,
}

/// Makes a ledger of so many events.
pub(crate) fn write(path: &Path, events: u64) -> Result<(), Failure> {
    drop(Database::open(path, choreography::ledger::SCHEMAS, Options::default())?);
    let connection = model::open(path)?;
    let first = Clock::system().now() - i64::try_from(events)? * APART;
    let (mut past, mut versions) = (Past::new(first)?, BTreeMap::<StreamName, u64>::new());
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for position in 1..=events {
        let event = past.next()?;
        let version = versions.entry(event.stream.clone()).or_default();
        *version += 1;
        insert(&connection, position, *version, first + i64::try_from(position)? * APART, &event)?;
        if position % BATCH == 0 {
            connection.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
        }
    }
    Ok(connection.execute_batch("COMMIT")?)
}

/// Writes the row of one event, as the ledger does, whose place and version are known.
pub(crate) fn insert(
    connection: &Connection,
    position: u64,
    version: u64,
    at: i64,
    Event { stream, encoded }: &Event,
) -> Result<(), Failure> {
    const SQL: &str =
        "INSERT INTO ledger_events (position, stream, version, category, partition, type, schema_version, id,
        recorded_at, effective_at, actor, traceparent, causation_id, correlation_id, data)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14)";
    // Ascending, as ids are that begin with a time.
    let id = |number: u64| Uuid::from_u128(u128::from(number) << 64).into_bytes();
    connection.prepare_cached(SQL)?.execute(params![
        position.cast_signed(),
        stream.as_str(),
        version.cast_signed(),
        stream.category(),
        u32::from(stream.partition()),
        encoded.kind,
        encoded.schema_version,
        id(position),
        at,
        "customer",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        id(1),
        id(2),
        encoded.data,
    ])?;
    Ok(())
}

/// What happens, one event after the other.
struct Past {
    types: Types,
    /// What is still to happen to the orders that are under way.
    under_way: Vec<VecDeque<Event>>,
    /// What happens before the first of them.
    before: VecDeque<Event>,
    orders: u64,
    chance: u64,
    at: Timestamp,
}

impl Past {
    fn new(first: i64) -> Result<Self, Failure> {
        let (types, at) = (Types::new(), Timestamp::from_micros(first));
        let mut before = VecDeque::new();
        for number in 0..CUSTOMERS {
            before.push_back(types.registered(customer(number), at)?);
        }
        for number in 0..PRODUCTS {
            before.push_back(types.added(&sku(number)?)?);
        }
        Ok(Self { types, under_way: Vec::new(), before, orders: 0, chance: 1, at })
    }

    fn next(&mut self) -> Result<Event, Failure> {
        if let Some(event) = self.before.pop_front() {
            return Ok(event);
        }
        while self.under_way.len() < CLIENTS {
            let story = self.types.order(self.orders, self.at)?;
            self.under_way.push(story);
            self.orders += 1;
        }
        // By chance, that of every run: so each is at another place of its story.
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let whose = usize::try_from(self.chance >> 33)? % CLIENTS;
        let event = self.under_way[whose].pop_front().ok_or("nothing happens to an order")?;
        if self.under_way[whose].is_empty() {
            self.under_way.swap_remove(whose);
        }
        Ok(event)
    }
}

fn customer(number: u64) -> CustomerId {
    CustomerId::new(Uuid::from_u128(0x0199_aa00_u128 << 96 | u128::from(number)))
}

fn sku(number: u64) -> Result<Sku, Failure> {
    Ok(format!("TEA-{number}").parse()?)
}

fn price() -> Result<Money, Failure> {
    Ok(Money::new(1_299, Currency::EUR)?)
}

fn address() -> Result<Address, Failure> {
    Ok(Address {
        line1: "12 St James's Square".parse()?,
        postal_code: "SW1Y 4JH".parse()?,
        city: "London".parse()?,
        country: "GB".parse()?,
    })
}

/// The types of every service's events, and of what each reports.
struct Types {
    customers: EventTypes<customers::Event>,
    products: EventTypes<warehouse::Event>,
    orders: EventTypes<ordering::Event>,
    shipments: EventTypes<shipping::Event>,
    invoices: EventTypes<billing::Event>,
    of_customers: EventTypes<customers::Reply>,
    of_warehouse: EventTypes<warehouse::Reply>,
    of_shipping: EventTypes<shipping::Reply>,
    of_billing: EventTypes<billing::Reply>,
}

impl Types {
    fn new() -> Self {
        Self {
            customers: published::customers(),
            products: published::products(),
            orders: published::orders(),
            shipments: published::shipments(),
            invoices: published::invoices(),
            of_customers: published::reports::customers(),
            of_warehouse: published::reports::warehouse(),
            of_shipping: published::reports::shipping(),
            of_billing: published::reports::billing(),
        }
    }

    fn registered(&self, id: CustomerId, at: Timestamp) -> Result<Event, Failure> {
        let credit_limit = Money::new(1_000_000_000, Currency::EUR)?;
        let (name, email, address) = ("Ada Lovelace".parse()?, "ada@example.org".parse()?, address()?);
        let event = customers::Event::Registered { name, email, address, credit_limit, at };
        told(category::CUSTOMER, &id.to_string(), &self.customers, &event)
    }

    fn added(&self, sku: &Sku) -> Result<Event, Failure> {
        let (name, unit_price, on_hand) = ("Green tea".parse()?, price()?, Count::new(1_000_000_000)?);
        let event = warehouse::Event::Added { name, unit_price, on_hand };
        told(category::PRODUCT, sku.as_str(), &self.products, &event)
    }

    /// The 27 events of an order that goes well, in the order in which the system appends them.
    fn order(&self, number: u64, at: Timestamp) -> Result<VecDeque<Event>, Failure> {
        // As those that are made in the order of time.
        let order_id = OrderId::new(Uuid::from_u128(0x0199_aa01_u128 << 96 | u128::from(number)));
        let (customer_id, sku) = (customer(number % CUSTOMERS), sku(number % PRODUCTS)?);
        let (name, email): (Name, Email) = ("Ada Lovelace".parse()?, "ada@example.org".parse()?);
        let reference: Option<Reference> = Some(format!("bench-{number}").parse()?);
        let (amount, address, quantity) = (price()?, address()?, Quantity::new(1)?);
        let id = order_id.to_string();
        let customer = |event| told(category::CUSTOMER, &customer_id.to_string(), &self.customers, &event);
        let product = |event| told(category::PRODUCT, sku.as_str(), &self.products, &event);
        let order = |event| told(category::ORDER, &id, &self.orders, &event);
        let shipment = |event| told(category::SHIPMENT, &id, &self.shipments, &event);
        let invoice = |event| told(category::INVOICE, &id, &self.invoices, &event);
        let customers = |reply| told("customers", &id, &self.of_customers, &reply);
        let warehouse = |reply| told("warehouse", &id, &self.of_warehouse, &reply);
        let shipping = |reply| told("shipping", &id, &self.of_shipping, &reply);
        let billing = |reply| told("billing", &id, &self.of_billing, &reply);
        let contact = Contact { name: name.clone(), email: email.clone(), address: address.clone() };
        let (carrier, tracking_number) = ("Hermes".to_owned(), format!("HR{number:010}"));
        let line = ordering::Event::LineAdded {
            sku: sku.clone(),
            name: "Green tea".parse()?,
            unit_price: amount,
            quantity,
        };
        let lines = vec![Line { sku: sku.clone(), quantity }];
        let bill_to = BillTo { name, email };
        let taken_by = shipping::Reply::Dispatched {
            carrier: carrier.clone(),
            tracking_number: tracking_number.clone(),
        };
        Ok(VecDeque::from([
            order(ordering::Event::Created { customer_id, reference: reference.clone(), at })?,
            order(line)?,
            order(ordering::Event::Placed { total: amount, at })?,
            customer(customers::Event::CreditReserved { order_id, amount })?,
            customers(customers::Reply::CreditReserved { contact })?,
            product(warehouse::Event::StockReserved { order_id, quantity })?,
            warehouse(warehouse::Reply::StockReserved)?,
            order(ordering::Event::CreditConfirmed { ship_to: Some(address.clone()), at })?,
            order(ordering::Event::Approved { at })?,
            shipment(shipping::Event::Requested { reference: reference.clone(), address, lines })?,
            shipment(shipping::Event::BookingStarted)?,
            shipment(shipping::Event::Dispatched { carrier, tracking_number, at })?,
            shipping(taken_by)?,
            product(warehouse::Event::StockTakenOut { order_id, quantity })?,
            warehouse(warehouse::Reply::StockTakenOut)?,
            invoice(billing::Event::Issued { customer_id, reference, amount, bill_to, at })?,
            order(ordering::Event::Shipped { at })?,
            invoice(billing::Event::AttemptStarted { attempt: 1 })?,
            order(ordering::Event::StockTakenOut)?,
            invoice(billing::Event::Mailed)?,
            invoice(billing::Event::Paid { attempt: 1, at })?,
            billing(billing::Reply::InvoicePaid)?,
            order(ordering::Event::InvoicePaid)?,
            customer(customers::Event::CreditSettled { order_id, amount })?,
            customers(customers::Reply::CreditSettled)?,
            order(ordering::Event::CreditSettled)?,
            order(ordering::Event::Completed { at })?,
        ]))
    }
}

fn told<E: Serialize + DeserializeOwned>(
    category: &str,
    id: &str,
    types: &EventTypes<E>,
    event: &E,
) -> Result<Event, Failure> {
    Ok(Event { stream: StreamName::new(category, id)?, encoded: types.encode(event)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_tells_23_events_in_streams_of_its_own_and_is_as_far_from_its_end_as_64_clients_put_it() {
        let mut past = Past::new(0).unwrap();
        let events: Vec<_> = (0..10_000).map(|_| past.next().unwrap()).collect();
        let order = OrderId::new(Uuid::from_u128(0x0199_aa01_u128 << 96 | 200)).to_string();
        let places: Vec<_> =
            (0..).zip(&events).filter(|(_, it)| it.stream.id() == order).map(|(n, _)| n).collect();
        assert_eq!(places.len(), 27 - 4, "four are of its customer and of its product");
        let apart = places[22] - places[0];
        assert!((1_000..3_000).contains(&apart), "{apart}");
    }

    #[test]
    fn what_is_written_is_what_the_ledger_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger.db");
        write(&path, 3_000).unwrap();
        let database = Database::open(&path, choreography::ledger::SCHEMAS, Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = async |tx: &mut database::Transaction| {
            event_store::read::all(tx, 0, u64::MAX, &event_store::Filter::default(), 3_000).await
        };
        let page = runtime.block_on(database.read::<_, database::Error, _>(all)).unwrap();
        assert_eq!(page.events.len(), 3_000);
        let mut versions = BTreeMap::<_, u64>::new();
        for event in &page.events {
            let version = versions.entry(event.stream.clone()).or_default();
            *version += 1;
            assert_eq!(event.version, *version, "{}", event.stream);
            if event.stream.category() == category::ORDER {
                published::orders().read(event).unwrap();
            }
        }
    }
}
