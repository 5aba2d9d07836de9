//! `rest`: an order asks by a request and has its answer in the response.
//!
//! The credit of an order is a resource under the order's id. These addresses are for other services only:
//! the gateway never routes to them.

use axum::{
    Router,
    extract::State,
    routing::{post, put},
};
use chassis::{
    cause::ByRequest,
    extract::{Json, Path},
    problem::Problem,
    trace::about,
};
use contracts::{
    OrderId,
    customers::{Command, Reply},
};
use database::Database;
use journal::{Cause, because};

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
    Router::new()
        .route("/internal/reservations/{order_id}", put(reserve).delete(release))
        .route("/internal/reservations/{order_id}/settlement", post(settle))
        .with_state(participant)
}

async fn reserve(
    State(participant): State<Participant>,
    Path(order): Path<OrderId>,
    ByRequest(cause): ByRequest,
    Json(command): Json<Command>,
) -> Result<Json<Reply>, Problem> {
    about("order.id", &order);
    let fits = matches!(&command, Command::ReserveCredit { order_id, .. } if *order_id == order);
    participant.answer(fits, command, cause.about(order.uuid())).await
}

async fn release(
    State(participant): State<Participant>,
    Path(order): Path<OrderId>,
    ByRequest(cause): ByRequest,
    Json(command): Json<Command>,
) -> Result<Json<Reply>, Problem> {
    about("order.id", &order);
    let fits = matches!(&command, Command::ReleaseCredit { order_id, .. } if *order_id == order);
    participant.answer(fits, command, cause.about(order.uuid())).await
}

async fn settle(
    State(participant): State<Participant>,
    Path(order): Path<OrderId>,
    ByRequest(cause): ByRequest,
    Json(command): Json<Command>,
) -> Result<Json<Reply>, Problem> {
    about("order.id", &order);
    let fits = matches!(&command, Command::SettleCredit { order_id, .. } if *order_id == order);
    participant.answer(fits, command, cause.about(order.uuid())).await
}

impl Participant {
    /// Does what the command asks, if it `fits` the address that it came to.
    async fn answer(self, fits: bool, command: Command, cause: Cause) -> Result<Json<Reply>, Problem> {
        if !fits {
            return Err(Problem::malformed("The command in the body is another than the address says."));
        }
        let application = self.application;
        let handled = self.database.write(async move |tx| {
            because(tx, &cause);
            application.handle(tx, &command).await
        });
        Ok(Json(handled.await?))
    }
}
