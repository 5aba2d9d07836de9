//! `rest`: an order asks by a request and has its answer in the response.
//!
//! The credit of an order is a resource under the order's id. These addresses are for other services only: the
//! gateway never routes to them.

use axum::{Router, extract::State};
use chassis::{
    commands::{self, Given},
    extract::Json,
    problem::Problem,
};
use contracts::customers::{Command, Reply};
use database::Database;
use journal::because;

use crate::application::Application;

/// What an order reaches.
#[derive(Clone, Debug)]
pub struct Participant {
    /// What customers are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
}

/// The routes.
pub fn router(participant: Participant) -> Router {
    commands::router::<Command, _, _, _>(answer).with_state(participant)
}

async fn answer(
    State(Participant { application, database }): State<Participant>,
    Given { command, cause }: Given<Command>,
) -> Result<Json<Reply>, Problem> {
    let handled = database.write(async move |tx| {
        because(tx, &cause);
        application.handle(tx, &command).await
    });
    Ok(Json(handled.await?))
}
