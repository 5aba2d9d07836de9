//! `/dead-letters` on the admin port: what a service could not handle, and what an operator does about it.

use axum::{Router, extract::State, routing::get, routing::post};
use database::Database;
use messaging::dead_letters::{self, DeadLetter, Discard};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    extract::{Json, Path},
    problem::Problem,
};

/// How many are listed at a time, those longest blocked first.
const MOST: u64 = 100;

/// The routes of an App whose database has an inbox.
pub fn routes(database: Database) -> Router {
    Router::new()
        .route("/dead-letters", get(list))
        .route("/dead-letters/{id}", get(show))
        .route("/dead-letters/{id}/retry", post(retry))
        .route("/dead-letters/{id}/discard", post(discard))
        .with_state(database)
}

#[derive(Serialize)]
struct Listed {
    /// The first message of each key that is blocked.
    items: Vec<DeadLetter>,
    /// How many messages are parked in all.
    parked: u64,
    /// What was given up, the latest first.
    discarded: Vec<Discard>,
}

async fn list(State(database): State<Database>) -> Result<Json<Listed>, Problem> {
    let read = database.read(async |tx| {
        let (items, parked) = (dead_letters::list(tx, MOST).await?, dead_letters::count(tx).await?);
        let discarded = dead_letters::discards(tx, MOST).await?;
        Ok::<_, database::Error>(Listed { items, parked, discarded })
    });
    Ok(Json(read.await?))
}

/// A message, and what it says.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    dead_letter: DeadLetter,
    /// The whole message, as CloudEvents has it.
    message: serde_json::Value,
}

async fn show(State(database): State<Database>, Path(id): Path<Uuid>) -> Result<Json<Vec<Shown>>, Problem> {
    let found = database.read(async move |tx| dead_letters::show(tx, id).await).await?;
    if found.is_empty() {
        return Err(unknown());
    }
    let shown = found.into_iter().map(|dead_letter| {
        let message = serde_json::from_str(&dead_letter.envelope.to_json()).unwrap_or_default();
        Shown { dead_letter, message }
    });
    Ok(Json(shown.collect()))
}

/// For how many consumers something was done.
#[derive(Serialize)]
struct Done {
    consumers: u64,
}

async fn retry(State(database): State<Database>, Path(id): Path<Uuid>) -> Result<Json<Done>, Problem> {
    done(database.write(async move |tx| dead_letters::retry(tx, id).await).await?)
}

/// Who gives a message up, and why: kept for good, since it is an exception that `verify` lists.
#[derive(Deserialize)]
struct Reason {
    by: String,
    reason: String,
}

async fn discard(
    State(database): State<Database>,
    Path(id): Path<Uuid>,
    Json(Reason { by, reason }): Json<Reason>,
) -> Result<Json<Done>, Problem> {
    done(database.write(async move |tx| dead_letters::discard(tx, id, &by, &reason).await).await?)
}

fn done(consumers: u64) -> Result<Json<Done>, Problem> {
    if consumers == 0 { Err(unknown()) } else { Ok(Json(Done { consumers })) }
}

fn unknown() -> Problem {
    Problem::not_found("dead letter")
}
