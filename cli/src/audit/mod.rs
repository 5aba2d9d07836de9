//! What every service shows of itself on its admin port: what it owns, what it still has to do, and what it has counted.

mod read;
mod rest;
mod rows;

pub use read::{SERVICES, simulators_of, states};
pub(crate) use read::{VIEWS, audit, services_of};
pub(crate) use rest::disagreements;
pub use rest::{Busy, busy, until_rest};
pub use rows::{CustomerRow, Held, HeldPieces, InvoiceRow, ItemRow, OrderRow, ProductRow, ShipmentRow};

use std::collections::BTreeMap;

use messaging::audit::{InboxAudit, OutboxAudit};
use serde::Deserialize;

/// What a service still has to do, and the messages that it has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct State {
    /// What is to be done yet, by name; all zero at rest.
    #[serde(default)]
    pub pending: BTreeMap<String, i64>,
    /// What it has sent, if it sends messages.
    #[serde(default)]
    pub outbox: Option<OutboxAudit>,
    /// What it has handled, if it consumes messages.
    #[serde(default)]
    pub inbox: Option<InboxAudit>,
}

/// The services of one style, by name.
pub type States = BTreeMap<String, State>;
