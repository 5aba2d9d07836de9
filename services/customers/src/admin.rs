//! What the service shows on its admin port beside probes and metrics: what it owns, and what it could not
//! handle.

use std::collections::BTreeMap;

use axum::{Router, extract::State, routing::get};
use chassis::{
    dead_letters,
    extract::{Json, Query},
    problem::Problem,
};
use contracts::CustomerId;
use database::Database;
use messaging::audit::{InboxAudit, OutboxAudit, of_inbox, of_outbox};
use serde::{Deserialize, Serialize};

use crate::store::{Audited, Store};

/// How many customers one answer holds.
const PAGE: u32 = 1000;

/// The routes of the admin port.
pub(crate) fn routes(database: Database, store: Store) -> Router {
    let audit = Router::new().route("/audit", get(audit)).with_state((database.clone(), store));
    audit.merge(dead_letters::routes(database))
}

#[derive(Deserialize)]
struct From {
    /// The last id of the page before.
    after: Option<CustomerId>,
}

/// What the service owns, page by page, in the order of ids; what is counted is of the whole.
#[derive(Serialize)]
struct Audit {
    service: &'static str,
    aggregates: Vec<Audited>,
    next: Option<CustomerId>,
    counters: BTreeMap<String, i64>,
    pending: Pending,
    outbox: OutboxAudit,
    inbox: InboxAudit,
}

/// What is still to be done; all zero at rest.
#[derive(Serialize)]
struct Pending {
    outbox: u64,
    parked: u64,
}

async fn audit(
    State((database, store)): State<(Database, Store)>,
    Query(from): Query<From>,
) -> Result<Json<Audit>, Problem> {
    let read = database.read(async move |tx| {
        let aggregates = store.audit(tx, from.after, PAGE).await?;
        let full = aggregates.len() == PAGE as usize;
        let (outbox, inbox) = (of_outbox(tx).await?, of_inbox(tx).await?);
        Ok::<_, database::Error>(Audit {
            service: "customers",
            next: aggregates.last().filter(|_| full).map(|last| last.customer.id),
            aggregates,
            counters: store.counters(tx).await?,
            pending: Pending { outbox: outbox.unconfirmed, parked: inbox.parked },
            outbox,
            inbox,
        })
    });
    Ok(Json(read.await?))
}
