//! What runners script the simulators by, and read their ledgers with; on the admin port only.

use axum::{Router, extract::State, routing::get};
use chassis::{
    extract::{Json, Path, Query},
    problem::Problem,
};
use contracts::{
    outside::simulators::{self, ChangeSettings, Entry},
    page::Page,
};
use serde::Deserialize;

use crate::{Simulators, settings::System};

/// The most entries on a page, and how many there are unless told otherwise.
const MOST_ENTRIES: u64 = 1000;

/// `GET` and `PUT /simulators/{system}`, `GET /simulators/{system}/ledger`.
pub fn routes(simulators: Simulators) -> Router {
    Router::new()
        .route("/simulators/{system}", get(show).put(change))
        .route("/simulators/{system}/ledger", get(ledger))
        .with_state(simulators)
}

async fn show(
    State(simulators): State<Simulators>,
    Path(system): Path<System>,
) -> Result<Json<simulators::Simulator>, Problem> {
    Ok(Json(simulators.of(system).show().await?))
}

async fn change(
    State(simulators): State<Simulators>,
    Path(system): Path<System>,
    Json(change): Json<ChangeSettings>,
) -> Result<Json<simulators::Simulator>, Problem> {
    Ok(Json(simulators.of(system).change(change).await?))
}

#[derive(Deserialize)]
struct Range {
    /// The position of the last entry of the page before.
    #[serde(default)]
    cursor: u64,
    limit: Option<u64>,
}

async fn ledger(
    State(simulators): State<Simulators>,
    Path(system): Path<System>,
    Query(range): Query<Range>,
) -> Result<Json<Page<Entry>>, Problem> {
    let limit = range.limit.unwrap_or(MOST_ENTRIES).clamp(1, MOST_ENTRIES);
    // One more than asked for, to know whether anything follows.
    let mut items = simulators.of(system).ledger(range.cursor, limit + 1).await?;
    let more = items.len() as u64 > limit;
    if more {
        items.pop();
    }
    let next = items.last().filter(|_| more).map(|entry| entry.position.to_string());
    Ok(Json(Page { items, next }))
}
