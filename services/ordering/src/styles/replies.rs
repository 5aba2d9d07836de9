//! Answers that come as messages, over a broker or posted: what they say, about which order, and who is told.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chassis::{
    problem::{self, Problem, chain},
    trace::about,
};
use contracts::{
    OrderId,
    topics::{self, kinds},
};
use database::{Database, Transaction};
use messaging::{
    Envelope, Observer,
    consumer::{Handler, HandlerError},
    inbox,
    observe::Fate,
};
use tokio::time::Instant;

use super::failed;
use crate::{
    application::Application,
    process::{Participant, Reply},
};

/// Who takes the answers in, as the inbox calls it.
pub const CONSUMER: &str = "ordering";

/// Takes the answers in.
#[derive(Clone, Debug)]
pub struct Replies {
    /// What they are told to.
    pub application: Arc<Application>,
}

impl Handler for Replies {
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        let (order, reply) = reply(message).map_err(|error| match error {
            NotAReply::Kind(_) => HandlerError::Unknown,
            other => HandlerError::Hopeless(other.into()),
        })?;
        about("order.id", &order);
        self.application.receive(tx, order, &reply).await.map_err(failed)
    }
}

/// The route to which participants that call no broker post the answers that come later.
pub fn webhook(replies: Replies, database: Database, observer: Arc<dyn Observer>) -> Router {
    let posted = Posted { replies, database, observer };
    Router::new().route("/internal/replies", post(receive)).with_state(posted)
}

/// What the route needs.
#[derive(Clone)]
struct Posted {
    replies: Replies,
    database: Database,
    observer: Arc<dyn Observer>,
}

async fn receive(State(posted): State<Posted>, body: String) -> Result<StatusCode, Problem> {
    let message = Envelope::from_json(&body).map_err(|error| Problem::malformed(chain(&error)))?;
    let (topic, replies, message) = (topics::ORDERING_REPLIES, posted.replies, Arc::new(message));
    let (begun, told) = (Instant::now(), message.clone());
    posted.observer.received(topic, &told);
    let work = async move |tx: &mut Transaction| inbox::accept(tx, CONSUMER, topic, &replies, &message).await;
    let accepted = posted.database.write(work).await;
    let fate = accepted.as_ref().map_or(Fate::Failed, |fate| *fate);
    posted.observer.processed(topic, &told, fate, begun.elapsed());
    accepted.map_err(|error| match error {
        HandlerError::Database(error) => error.into(),
        // 500 says that it is about this answer: a sender that heard 503 would hold back those about other orders, too.
        HandlerError::Failed(_) => problem::internal(&error),
        _ => Problem::unprocessable("UNKNOWN_REPLY", chain(&error)),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a message is no reply of a participant.
#[derive(Debug, thiserror::Error)]
enum NotAReply {
    /// Its type is that of none.
    #[error("`{0}` is the type of no reply")]
    Kind(String),
    /// It is about something that is no order.
    #[error("the subject of a reply is an order")]
    Subject(#[source] contracts::values::Invalid),
    /// What it carries is not what its type says.
    #[error("reading the reply")]
    Data(#[source] serde_json::Error),
}

/// What a message says, and about which order.
///
/// # Errors
/// If it is no reply of a participant.
fn reply(envelope: &Envelope) -> Result<(OrderId, Reply), NotAReply> {
    let order = envelope.subject.parse().map_err(NotAReply::Subject)?;
    let from = match envelope.kind.as_str() {
        kinds::CUSTOMERS_REPLY => Participant::Customers,
        kinds::WAREHOUSE_REPLY => Participant::Warehouse,
        kinds::SHIPPING_REPLY => Participant::Shipping,
        kinds::BILLING_REPLY => Participant::Billing,
        other => return Err(NotAReply::Kind(other.to_owned())),
    };
    let reply = Reply::read(from, envelope.data.as_str().as_bytes());
    Ok((order, reply.map_err(NotAReply::Data)?))
}
