//! `/folds/{aggregate}` on the admin port: whether what a service's loads begin with is what all events make.

use axum::{Router, extract::State, routing::get};
use chassis::{
    extract::{Json, Query},
    problem::Problem,
};
use database::{Error, Transaction};
use event_store::{EventSourced, Grid, StreamName};
use serde::{Deserialize, Serialize};

/// How many aggregates one answer is about.
const PAGE: usize = 250;

#[derive(Deserialize)]
struct From {
    /// The `next` of the page before.
    after: Option<String>,
}

/// What was found.
#[derive(Serialize)]
struct Folds {
    /// How many aggregates were looked at.
    aggregates: u64,
    /// How many of them have a snapshot.
    snapshots: u64,
    /// Those that are another with their snapshot than without.
    different: Vec<String>,
    next: Option<String>,
}

/// The route about the aggregates of a grid.
pub(super) fn routes<A: EventSourced>(grid: &Grid<A>) -> Router {
    Router::new().route(&format!("/folds/{}", A::NAME), get(compare::<A>)).with_state(grid.clone())
}

async fn compare<A: EventSourced>(
    State(grid): State<Grid<A>>,
    Query(from): Query<From>,
) -> Result<Json<Folds>, Problem> {
    let repository = grid.repository().clone();
    let work = async move |tx: &mut Transaction| repository.compare(tx, from.after.as_deref(), PAGE).await;
    let found = grid.ledger().database().read::<_, Error, _>(work).await?;
    Ok(Json(Folds {
        aggregates: found.aggregates,
        snapshots: found.snapshots,
        different: found.different.iter().map(StreamName::to_string).collect(),
        next: found.last.map(|last| last.id().to_owned()),
    }))
}
