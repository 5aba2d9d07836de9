//! `rest`: participants are called over HTTP and answer in the response; an answer that comes later is posted here.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chassis::{
    cause,
    client::{Call, HttpClient, Response},
    context::Context,
    problem::{Problem, chain},
};
use contracts::{OrderId, Sku, billing, customers, shipping, topics, warehouse};
use database::{Database, Transaction};
use futures_util::future::BoxFuture;
use journal::Entry;
use messaging::{Envelope, Observer, consumer::HandlerError, inbox, observe::Fate};
use saga::{Ask, Asking, Move, tasks::Failure};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    call::{Asked, Participants, Question},
    replies::{CONSUMER, Replies},
};
use crate::{
    http::{Catalogue, Quoted, Unavailable},
    process::{Participant, PlaceOrder, Reply, Request, Step},
};

/// A participant is called when its task is done, which is at once; with the decision nothing more is written.
#[derive(Clone, Copy, Debug)]
pub struct ByCall;

impl Ask<PlaceOrder> for ByCall {
    fn ask<'a>(
        &'a self,
        _tx: &'a mut Transaction,
        _saga: Uuid,
        _this: Move<Step>,
        _request: &'a str,
    ) -> Asking<'a> {
        Box::pin(async { Ok(Duration::ZERO) })
    }
}

/// Where the other services listen: `http://host:port`, without a path.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The customers service.
    pub customers: String,
    /// The warehouse service.
    pub warehouse: String,
    /// The shipping service.
    pub shipping: String,
    /// The billing service.
    pub billing: String,
}

/// Calls the other services over HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    /// What calls are made with.
    pub client: HttpClient,
    /// Where they go.
    pub endpoints: Endpoints,
    /// How long a participant may take to answer before the call is repeated.
    pub timeout: Duration,
    /// How long to wait for an answer that comes later, before asking again.
    pub patience: Duration,
    /// Makes the trace of a call that belongs to none.
    pub random: chassis::ids::Random,
}

impl Participants for Http {
    async fn ask(&self, question: &Question<'_>, calls: &mut Vec<Entry>) -> Asked {
        let Question { order, addressed, cause, .. } = question;
        let context = cause::context(cause, "ordering", &self.random);
        let participant = addressed.request.participant();
        let (call, route) = match self.call(*order, &addressed.request) {
            (Ok(call), route) => {
                (call.to(participant.name()).for_context(&context).within(self.timeout), route)
            }
            (Err(error), _) => return Asked::Failed(unanswered(participant, &error)),
        };
        let call = cause.id.into_iter().fold(call, Call::caused_by);
        let (answered, noted) = self.client.send_noted(call, route).await;
        calls.push(noted.linked(cause.id));
        match answered {
            Ok(response) => self.answer(participant, &response),
            Err(error) => Asked::Failed(unanswered(participant, &error)),
        }
    }
}

impl Http {
    /// Which resource of which participant a request is about, and the route to it.
    fn call(&self, id: OrderId, request: &Request) -> (Result<Call, chassis::client::Error>, &'static str) {
        use billing::Command::IssueInvoice;
        use customers::Command::{ReleaseCredit, ReserveCredit, SettleCredit};
        use shipping::Command::{CallOff, RequestShipment};
        use warehouse::Command::{ReleaseStock, ReserveStock, TakeStockOut};
        let Endpoints { customers, warehouse, shipping, billing } = &self.endpoints;
        let reservation = |service: &str| format!("{service}/internal/reservations/{id}");
        let shipment = || format!("{shipping}/internal/shipments/{id}");
        match request {
            Request::Customers(command) => match command {
                ReserveCredit { .. } => {
                    (Call::put(reservation(customers)).json(command), "PUT /internal/reservations/{order_id}")
                }
                ReleaseCredit { .. } => (
                    Call::delete(reservation(customers)).json(command),
                    "DELETE /internal/reservations/{order_id}",
                ),
                SettleCredit { .. } => (
                    Call::post(reservation(customers) + "/settlement").json(command),
                    "POST /internal/reservations/{order_id}/settlement",
                ),
            },
            Request::Warehouse(command) => match command {
                ReserveStock { .. } => {
                    (Call::put(reservation(warehouse)).json(command), "PUT /internal/reservations/{order_id}")
                }
                ReleaseStock { .. } => (
                    Call::delete(reservation(warehouse)).json(command),
                    "DELETE /internal/reservations/{order_id}",
                ),
                TakeStockOut { .. } => (
                    Call::post(reservation(warehouse) + "/departure").json(command),
                    "POST /internal/reservations/{order_id}/departure",
                ),
            },
            Request::Shipping(command) => match command {
                RequestShipment { .. } => {
                    (Call::put(shipment()).json(command), "PUT /internal/shipments/{order_id}")
                }
                CallOff { .. } => {
                    (Call::delete(shipment()).json(command), "DELETE /internal/shipments/{order_id}")
                }
            },
            Request::Billing(command @ IssueInvoice { .. }) => (
                Call::put(format!("{billing}/internal/invoices/{id}")).json(command),
                "PUT /internal/invoices/{order_id}",
            ),
        }
    }

    fn answer(&self, from: Participant, response: &Response) -> Asked {
        if response.status == StatusCode::ACCEPTED {
            return Asked::Later(self.patience);
        }
        if !response.is_success() {
            let why = format!("{from:?} answered {}", response.status);
            return Asked::Failed(Failure::new(why.clone(), why));
        }
        let reply = match from {
            Participant::Customers => response.json().map(Reply::Customers),
            Participant::Warehouse => response.json().map(Reply::Warehouse),
            Participant::Shipping => response.json().map(Reply::Shipping),
            Participant::Billing => response.json().map(Reply::Billing),
        };
        reply.map_or_else(|error| Asked::Failed(unanswered(from, &error)), Asked::Replied)
    }
}

/// Why there is no answer that can be used: for those outside without the participant's address.
fn unanswered(participant: Participant, error: &chassis::client::Error) -> Failure {
    Failure::new(format!("{participant:?} did not answer: {}", error.kind()), chain(error))
}

impl Catalogue for Http {
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            let url = format!("{}/v1/products/{sku}", self.endpoints.warehouse);
            let context = context.clone().with_idempotency_key(None);
            let call = Call::get(url).to("warehouse").for_context(&context).within(self.timeout);
            let (answered, call) = self.client.send_noted(call, "GET /v1/products/{sku}").await;
            let response = answered.map_err(|error| Unavailable(error.into()))?;
            let quote = match response.status {
                StatusCode::OK => response.json().map(Some).map_err(|error| Unavailable(error.into()))?,
                StatusCode::NOT_FOUND => None,
                status => return Err(Unavailable(format!("the warehouse answered {status}").into())),
            };
            Ok(Quoted { quote, call })
        })
    }
}

/// What the route of late answers needs.
#[derive(Clone)]
struct Inbox {
    replies: Replies,
    database: Database,
    observer: Arc<dyn Observer>,
}

/// The route to which participants post the answers that come later.
pub fn routes(replies: Replies, database: Database, observer: Arc<dyn Observer>) -> Router {
    let inbox = Inbox { replies, database, observer };
    Router::new().route("/internal/replies", post(receive)).with_state(inbox)
}

async fn receive(State(inbox): State<Inbox>, body: String) -> Result<StatusCode, Problem> {
    let message = Envelope::from_json(&body).map_err(|error| Problem::malformed(chain(&error)))?;
    let (topic, replies, message) = (topics::ORDERING_REPLIES, inbox.replies, Arc::new(message));
    let (begun, told) = (Instant::now(), message.clone());
    inbox.observer.received(topic, &told);
    let work = async move |tx: &mut Transaction| inbox::accept(tx, CONSUMER, topic, &replies, &message).await;
    let accepted = inbox.database.write(work).await;
    let fate = accepted.as_ref().map_or(Fate::Failed, |fate| *fate);
    inbox.observer.processed(topic, &told, fate, begun.elapsed());
    accepted.map_err(|error| match error {
        HandlerError::Database(error) => error.into(),
        // 500 says that it is about this answer: a sender that heard 503 would hold back those about other orders, too.
        HandlerError::Failed(_) => chassis::problem::internal(&error),
        _ => Problem::unprocessable("UNKNOWN_REPLY", chain(&error)),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
