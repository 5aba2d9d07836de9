//! What this service owns and what it still has to do, for `verify`: one snapshot of everything, as large as the store.

use std::collections::BTreeMap;

use contracts::billing::{Invoice, InvoiceStatus};
use database::{Error, Transaction};
use messaging::audit::{self, InboxAudit, OutboxAudit};
use saga::tasks;
use serde::Serialize;

use crate::{
    application::{CHARGE, MAIL},
    store::Store,
    view,
};

/// Everything that the service owns.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// Which service.
    pub service: &'static str,
    /// Every invoice, by id.
    pub aggregates: Vec<Audited>,
    /// How many of them there are in each status.
    pub counters: BTreeMap<InvoiceStatus, u64>,
    /// What is still to be done; zeros at rest.
    pub pending: BTreeMap<&'static str, u64>,
    /// What was sent.
    pub outbox: OutboxAudit,
    /// What was received.
    pub inbox: InboxAudit,
}

/// One invoice, and what clients do not see of it.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// As clients see it.
    #[serde(flatten)]
    pub invoice: Invoice,
    /// Whether the mail service has it.
    pub mailed: bool,
    /// Whether the result of the last attempt is unknown.
    pub in_doubt: bool,
}

/// Everything that the service owns.
///
/// # Errors
/// If the store fails.
pub async fn audit(store: &Store, tx: &mut Transaction) -> Result<Audit, Error> {
    let audited = store.all(tx).await?.into_iter().filter_map(|(id, invoice)| {
        let (mailed, in_doubt) = (invoice.state.mailed, invoice.state.in_doubt);
        Some(Audited { invoice: view::of(id, &invoice)?, mailed, in_doubt })
    });
    let aggregates: Vec<_> = audited.collect();
    let mut counters = BTreeMap::new();
    for audited in &aggregates {
        *counters.entry(audited.invoice.status).or_default() += 1;
    }
    let tasks = tasks::count(tx, CHARGE).await? + tasks::count(tx, MAIL).await?;
    let (outbox, inbox) = (audit::of_outbox(tx).await?, audit::of_inbox(tx).await?);
    let pending = BTreeMap::from([
        ("tasks", tasks.unsigned_abs()),
        ("outbox", outbox.unconfirmed),
        ("parked", inbox.parked),
    ]);
    Ok(Audit { service: "billing", aggregates, counters, pending, outbox, inbox })
}
