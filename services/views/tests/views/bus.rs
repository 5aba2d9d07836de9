//! A broker, and what owners tell over it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use contracts::{CustomerId, Money, OrderId, Sku, Timestamp, customers, ordering, warehouse};
use messaging::{Broker, Data, Embedded, Envelope, Publisher, embedded};
use serde::Serialize;
use tempfile::TempDir;
use uuid::Uuid;
use views::projection::Kind;

use crate::support::{address, at, eur, sku};

pub(crate) struct Bus {
    _directory: TempDir,
    broker: Embedded,
    /// The version that each aggregate is at.
    versions: Mutex<BTreeMap<String, u64>>,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("broker.db");
        let broker = Embedded::open(&file, embedded::Options::default()).await.unwrap();
        Self { _directory: directory, broker, versions: Mutex::default() }
    }

    pub(crate) fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    /// Publishes to the topic of the aggregate's owner.
    pub(crate) async fn publish(&self, kind: Kind, message: &Envelope) {
        let topic = format!("{}.events", kind.owner());
        self.broker.publish(&topic, std::slice::from_ref(message)).await.unwrap();
    }

    /// Tells what happened to an aggregate, in one message.
    pub(crate) async fn tell(&self, message: &Envelope) {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == message.aggregate_type()).unwrap();
        self.publish(kind, message).await;
    }

    /// The next message about an aggregate, as its owner would write it.
    pub(crate) fn next(&self, kind: Kind, id: &str, events: &[impl Serialize]) -> Envelope {
        let mut versions = self.versions.lock().unwrap();
        let at = versions.entry(id.to_owned()).or_default();
        let before = *at;
        *at += events.len() as u64;
        message(kind, id, before, *at, Data::of(events).unwrap())
    }

    pub(crate) async fn customer(&self, id: CustomerId, name: &str, created_at: Timestamp) {
        let registered = customers::Event::Registered {
            name: name.parse().unwrap(),
            email: "somebody@example.org".parse().unwrap(),
            address: address(),
            credit_limit: eur(1_000_000),
            at: created_at,
        };
        self.tell(&self.next(Kind::Customer, &id.to_string(), &[registered])).await;
    }

    pub(crate) async fn product(&self, name: &str, on_hand: i64) -> Sku {
        let (unit_price, on_hand) = (eur(100), contracts::Count::new(on_hand).unwrap());
        let added = warehouse::Event::Added { name: "Tea".parse().unwrap(), unit_price, on_hand };
        self.tell(&self.next(Kind::Product, name, &[added])).await;
        sku(name)
    }

    /// An order of one line that costs so much, placed at this time.
    pub(crate) async fn order(
        &self,
        id: OrderId,
        customer: CustomerId,
        product: &Sku,
        price: Money,
        time: i64,
    ) {
        let events = order(customer, product, price, time);
        self.tell(&self.next(Kind::Order, &id.to_string(), &events)).await;
    }

    pub(crate) async fn happens(&self, id: OrderId, events: &[ordering::Event]) {
        self.tell(&self.next(Kind::Order, &id.to_string(), events)).await;
    }
}

/// What makes an order of one line that was placed.
pub(crate) fn order(customer: CustomerId, product: &Sku, price: Money, time: i64) -> [ordering::Event; 3] {
    let (quantity, name) = (contracts::Quantity::new(1).unwrap(), "Tea".parse().unwrap());
    [
        ordering::Event::Created { customer_id: customer, reference: None, at: at(time) },
        ordering::Event::LineAdded { sku: product.clone(), name, unit_price: price, quantity },
        ordering::Event::Placed { total: price, at: at(time) },
    ]
}

/// What completes an order that was placed.
pub(crate) fn completed(time: i64) -> [ordering::Event; 7] {
    let at = at(time);
    [
        ordering::Event::CreditConfirmed { ship_to: Some(address()), at },
        ordering::Event::Approved { at },
        ordering::Event::Shipped { at },
        ordering::Event::StockTakenOut,
        ordering::Event::InvoicePaid,
        ordering::Event::CreditSettled,
        ordering::Event::Completed { at },
    ]
}

/// A message of an aggregate that leads from one version to another.
pub(crate) fn message(kind: Kind, id: &str, before: u64, after: u64, data: Data) -> Envelope {
    let name = format!("{}/{id}/{after}", kind.name());
    let unique = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let mut message =
        Envelope::new(unique, kind.owner(), &format!("{}.changed", kind.name()), id, 1_000, data);
    (message.version, message.previous_version) = (Some(after), Some(before));
    message
}
