//! `rest`: an order asks by a request and has its answer in the response, or is called back where it comes late.
//!
//! The invoice of an order is a resource under the order's id. These addresses are for other services only: the
//! gateway never routes to them.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::put,
};
use chassis::{
    cause::ByRequest,
    extract::{Json, Path},
    problem::Problem,
    trace::about,
};
use contracts::{OrderId, billing::Command};
use database::Database;
use journal::{Cause, because};

use crate::application::Application;

/// What an order reaches.
#[derive(Clone, Debug)]
pub struct Participant {
    /// What invoices are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
}

/// The routes: 200 with the answer, or 202 if it comes late.
pub fn router(participant: Participant) -> Router {
    Router::new().route("/internal/invoices/{order_id}", put(issue)).with_state(participant)
}

async fn issue(
    State(participant): State<Participant>,
    Path(order): Path<OrderId>,
    ByRequest(cause): ByRequest,
    Json(command): Json<Command>,
) -> Result<Response, Problem> {
    about("order.id", &order);
    let Command::IssueInvoice { order_id, .. } = &command;
    let fits = *order_id == order;
    participant.answer(fits, command, cause.about(order.uuid())).await
}

impl Participant {
    /// Does what the command asks, if it `fits` the address that it came to.
    async fn answer(self, fits: bool, command: Command, cause: Cause) -> Result<Response, Problem> {
        if !fits {
            return Err(Problem::malformed("The command in the body is another than the address says."));
        }
        let application = self.application;
        let handled = self.database.write(async move |tx| {
            because(tx, &cause);
            application.handle(tx, &command, &cause).await
        });
        Ok(match handled.await? {
            Some(reply) => Json(reply).into_response(),
            None => StatusCode::ACCEPTED.into_response(),
        })
    }
}
