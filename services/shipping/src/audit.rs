//! What the service owns and what it still has to do, for those who check the whole system.

use std::collections::BTreeMap;

use axum::{Router, extract::State, routing::get};
use chassis::{extract::Json, problem::Problem};
use contracts::shipping::Shipment;
use database::{Database, Error, Transaction};
use saga::tasks;
use serde::Serialize;

use crate::{application::BOOK, store};

/// The whole state at one moment, in canonical order.
#[derive(Debug, Serialize)]
struct Audit {
    service: &'static str,
    aggregates: Vec<Shipment>,
    /// How many shipments there are in each status.
    counters: BTreeMap<String, u64>,
    pending: Pending,
}

/// What is still to be done; all zero at rest.
#[derive(Debug, Serialize)]
struct Pending {
    tasks: i64,
}

/// `GET /audit`, for the admin port.
pub(crate) fn router(db: Database) -> Router {
    Router::new().route("/audit", get(audit)).with_state(db)
}

async fn audit(State(db): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(db.read(async |tx| read(tx).await).await?))
}

async fn read(tx: &mut Transaction) -> Result<Audit, Error> {
    let aggregates = store::all(tx).await?;
    let mut counters = BTreeMap::new();
    for shipment in &aggregates {
        *counters.entry(format!("{:?}", shipment.status).to_lowercase()).or_default() += 1;
    }
    let pending = Pending { tasks: tasks::count(tx, BOOK).await? };
    Ok(Audit { service: "shipping", aggregates, counters, pending })
}
