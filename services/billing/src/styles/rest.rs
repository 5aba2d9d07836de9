//! `rest`: ordering asks by a request and has its answer in the response, or is called back where it comes late.
//!
//! The invoice of an order is a resource under the order's id. These addresses are for other services only: the gateway
//! never routes to them.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::put,
};
use chassis::{
    client::{Call, HttpClient},
    context::Context,
    extract::{Json, Path},
    problem::Problem,
    trace::TRACEPARENT,
};
use contracts::{OrderId, billing::Command};
use database::Database;
use messaging::{
    Envelope, Publisher, envelope,
    webhook::{NotTaken, Webhook},
};

use crate::{
    application::{Application, Invoices},
    late::Cause,
};

/// What an order reaches.
#[derive(Debug)]
pub struct Participant<R> {
    /// What invoices are asked.
    pub application: Arc<Application<R>>,
    /// Where they are kept.
    pub database: Database,
}

/// The routes: 200 with the answer, or 202 if it comes late.
pub fn router<R: Invoices>(participant: Participant<R>) -> Router {
    Router::new().route("/internal/invoices/{order_id}", put(issue::<R>)).with_state(Arc::new(participant))
}

async fn issue<R: Invoices>(
    State(participant): State<Arc<Participant<R>>>,
    Path(order): Path<OrderId>,
    context: Context,
    Json(command): Json<Command>,
) -> Result<Response, Problem> {
    let Command::IssueInvoice { order_id, .. } = &command;
    let fits = *order_id == order;
    participant.answer(fits, command, &context).await
}

impl<R: Invoices> Participant<R> {
    /// Does what the command asks, if it `fits` the address that it came to.
    async fn answer(&self, fits: bool, command: Command, context: &Context) -> Result<Response, Problem> {
        if !fits {
            return Err(Problem::malformed("The command in the body is another than the address says."));
        }
        let application = Arc::clone(&self.application);
        let cause = Cause { id: None, traceparent: Some(context.trace.to_string()) };
        let handled = self.database.write(async move |tx| application.handle(tx, &command, &cause).await);
        Ok(match handled.await? {
            Some(reply) => Json(reply).into_response(),
            None => StatusCode::ACCEPTED.into_response(),
        })
    }
}

/// Late answers are posted to ordering.
pub fn publisher(client: HttpClient, ordering_url: &str) -> impl Publisher + use<> {
    let url = format!("{}/internal/replies", ordering_url.trim_end_matches('/'));
    Webhook::new(move |envelope: &Envelope| {
        let (client, call) = (client.clone(), post(&url, envelope));
        async move {
            let answer = client.send(call).await.map_err(|error| NotTaken::Away(error.into()))?;
            let cause = format!("ordering answered {}", answer.status).into();
            match answer.status {
                status if status.is_success() => Ok(()),
                // Whatever else is wrong with a server, it is wrong with it for every message.
                status if status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR => {
                    Err(NotTaken::Away(cause))
                }
                _ => Err(NotTaken::Refused(cause)),
            }
        }
    })
}

fn post(url: &str, envelope: &Envelope) -> Call {
    let json = HeaderValue::from_static(envelope::CONTENT_TYPE);
    let call = Call::post(url).header(header::CONTENT_TYPE, json).body(envelope.to_json());
    match envelope.traceparent.as_deref().map(HeaderValue::from_str) {
        Some(Ok(trace)) => call.header(TRACEPARENT, trace),
        _ => call,
    }
}
