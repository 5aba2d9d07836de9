//! What this service owns and what it still has to do, for `verify`: one snapshot of everything, as large as the store.

use std::collections::BTreeMap;

use contracts::shipping::{Shipment, ShipmentStatus};
use database::{Error, Transaction};
use messaging::audit::{self, InboxAudit, OutboxAudit};
use saga::tasks;
use serde::Serialize;

use crate::{application::BOOK, store::Store};

/// Everything that the service owns.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// Which service.
    pub service: &'static str,
    /// Every shipment, by id.
    pub aggregates: Vec<Shipment>,
    /// How many of them there are in each status.
    pub counters: BTreeMap<ShipmentStatus, u64>,
    /// What is still to be done; zeros at rest.
    pub pending: BTreeMap<&'static str, u64>,
    /// What was sent.
    pub outbox: OutboxAudit,
    /// What was received.
    pub inbox: InboxAudit,
}

/// Everything that the service owns.
///
/// # Errors
/// If the store fails.
pub async fn audit(store: &Store, tx: &mut Transaction) -> Result<Audit, Error> {
    let aggregates = store.all(tx).await?;
    let mut counters = BTreeMap::new();
    for shipment in &aggregates {
        *counters.entry(shipment.status).or_default() += 1;
    }
    let tasks = tasks::count(tx, BOOK).await?.unsigned_abs();
    let (outbox, inbox) = (audit::of_outbox(tx).await?, audit::of_inbox(tx).await?);
    let pending =
        BTreeMap::from([("tasks", tasks), ("outbox", outbox.unconfirmed), ("parked", inbox.parked)]);
    Ok(Audit { service: "shipping", aggregates, counters, pending, outbox, inbox })
}
