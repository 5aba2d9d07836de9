//! `rest`: ordering calls, and is called back where the answer comes late.

use std::sync::Arc;

use aggregate::Repository;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::put,
};
use chassis::{
    context::Context,
    extract::{Json, Path},
    problem::Problem,
};
use contracts::{OrderId, shipping::Command};
use database::{Database, Transaction};

use crate::{application::Application, domain::Shipment, late::Cause};

/// The name of the style.
pub const NAME: &str = "rest";

struct Rest<R> {
    db: Database,
    application: Arc<Application<R>>,
}

/// The routes by which ordering gives its commands: 200 with the answer, or 202 if it comes later.
pub fn router<R>(db: Database, application: Arc<Application<R>>) -> Router
where
    R: Repository<Shipment, Transaction = Transaction, Error = database::Error>,
{
    Router::new()
        .route("/internal/shipments/{order_id}", put(request::<R>).delete(call_off::<R>))
        .with_state(Arc::new(Rest { db, application }))
}

async fn request<R>(
    State(rest): State<Arc<Rest<R>>>,
    Path(path): Path<OrderId>,
    context: Context,
    Json(command): Json<Command>,
) -> Result<Response, Problem>
where
    R: Repository<Shipment, Transaction = Transaction, Error = database::Error>,
{
    match &command {
        Command::RequestShipment { order_id, .. } if *order_id == path => rest.handle(command, context).await,
        _ => Err(Problem::malformed("The body requests the shipment of the order in the path.")),
    }
}

async fn call_off<R>(
    State(rest): State<Arc<Rest<R>>>,
    Path(path): Path<OrderId>,
    context: Context,
    Json(command): Json<Command>,
) -> Result<Response, Problem>
where
    R: Repository<Shipment, Transaction = Transaction, Error = database::Error>,
{
    match &command {
        Command::CallOff { order_id } if *order_id == path => rest.handle(command, context).await,
        _ => Err(Problem::malformed("The body calls off the shipment of the order in the path.")),
    }
}

impl<R> Rest<R>
where
    R: Repository<Shipment, Transaction = Transaction, Error = database::Error>,
{
    async fn handle(&self, command: Command, context: Context) -> Result<Response, Problem> {
        let application = Arc::clone(&self.application);
        let cause = Cause { id: None, traceparent: Some(context.trace.to_string()) };
        let handled = self.db.write(async move |tx| application.handle(tx, &command, &cause).await);
        Ok(match handled.await? {
            Some(reply) => Json(reply).into_response(),
            None => StatusCode::ACCEPTED.into_response(),
        })
    }
}
