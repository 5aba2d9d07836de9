//! `rest`: an order asks by a request and has its answer in the response, or is called back where it comes late.
//!
//! The shipment of an order is a resource under the order's id. These addresses are for other services only: the
//! gateway never routes to them.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    commands::{self, Given},
    extract::Json,
    problem::Problem,
};
use contracts::shipping::Command;
use database::Database;
use journal::because;

use crate::application::Application;

/// The routes: 200 with the answer, or 202 if it comes late.
pub fn router(application: Application, database: Database) -> Router {
    commands::router::<Command, _, _, _>(answer).with_state(Participant { application, database })
}

#[derive(Clone, Debug)]
struct Participant {
    application: Application,
    database: Database,
}

async fn answer(
    State(Participant { application, database }): State<Participant>,
    Given { command, cause }: Given<Command>,
) -> Result<Response, Problem> {
    let handled = database.write(async move |tx| {
        because(tx, &cause);
        application.handle(tx, &command, &cause).await
    });
    Ok(match handled.await? {
        Some(reply) => Json(reply).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    })
}
