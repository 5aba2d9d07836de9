//! What is known of a system when its invariants are checked.

use std::collections::BTreeMap;

use contracts::outside::simulators::{Entry, Outcome};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::{CustomerRow, InvoiceRow, OrderRow, ProductRow, ShipmentRow, States};

/// All styles of a system.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Each by itself: no style shares data with another.
    pub systems: Vec<System>,
}

/// One style.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// Its name.
    pub style: String,
    /// What its services have to do and have counted.
    pub states: States,
    /// What customers owns.
    pub customers: Vec<CustomerRow>,
    /// What ordering owns.
    pub orders: Vec<OrderRow>,
    /// What the warehouse owns.
    pub products: Vec<ProductRow>,
    /// What shipping owns.
    pub shipments: Vec<ShipmentRow>,
    /// What billing owns.
    pub invoices: Vec<InvoiceRow>,
    /// What the query side shows; `None` in a style that has none.
    pub views: Option<Views>,
    /// What comes of folding everything in its ledger both ways; `None` in a style that has none.
    pub folds: Option<Folds>,
    /// What the systems outside have answered; `None` if nobody simulates them.
    pub ledgers: Option<Ledgers>,
}

/// What the query side of a style shows.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// Its documents, by the kind and the id of their aggregates.
    pub documents: BTreeMap<(String, String), Value>,
    /// The documents that their owners show, the same way.
    pub owned: BTreeMap<(String, String), Value>,
    /// The generations of its tables.
    pub generations: Vec<Generation>,
}

/// One generation of the tables of views.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Generation {
    /// Its number.
    pub generation: i64,
    /// Whether it is live.
    pub state: String,
    /// How many documents it was compared in with the one before it.
    #[serde(default)]
    pub compared: Option<u64>,
    /// How many of those were different.
    #[serde(default)]
    pub different: Option<u64>,
}

/// What comes of folding aggregates from their snapshots and tails, and from all their events.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Folds {
    /// How many aggregates there are.
    pub aggregates: u64,
    /// How many of them have a snapshot.
    pub snapshots: u64,
    /// Those that are another with it than without, by service and stream.
    pub different: Vec<String>,
}

/// What the systems outside have answered.
#[derive(Clone, Debug, Default)]
pub struct Ledgers {
    /// Whether only this style asks them, so that every entry is about an order of it.
    pub own: bool,
    /// The payment provider.
    pub payment: Vec<Entry>,
    /// The carrier.
    pub carrier: Vec<Entry>,
    /// The mail service.
    pub mail: Vec<Entry>,
}

impl System {
    /// The orders by their ids.
    pub(super) fn orders_by_id(&self) -> BTreeMap<Uuid, &OrderRow> {
        self.orders.iter().map(|order| (order.id, order)).collect()
    }

    /// The invoices by their orders.
    pub(super) fn invoices_by_order(&self) -> BTreeMap<Uuid, &InvoiceRow> {
        self.invoices.iter().map(|invoice| (invoice.order_id, invoice)).collect()
    }
}

/// The entries of a ledger that did something, by their orders.
pub(super) fn accepted(entries: &[Entry]) -> BTreeMap<Uuid, Vec<&Entry>> {
    let mut by_order: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.result == Outcome::Accepted) {
        by_order.entry(entry.order_id.uuid()).or_default().push(entry);
    }
    by_order
}
