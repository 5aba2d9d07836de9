//! `messaging`: participants are sent commands over the broker, and answer by messages.

use std::{sync::Arc, time::Duration};

use ::messaging::{Broker, Data, Envelope, derived_id, outbox};
use chassis::context::Context;
use contracts::{
    OrderId, Sku,
    topics::{self, kinds},
    warehouse::{Quote, QuoteRequest},
};
use database::{Database, Transaction};
use futures_util::future::BoxFuture;
use journal::{Cause, Entry};
use saga::{
    Ask, Asking, Move,
    tasks::{self, Failure},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::call::{Asked, Participants, Question};
use crate::{
    http::{Catalogue, Quoted, Unavailable},
    process::{Addressed, PlaceOrder, Request, Step},
};

/// Who sends.
const SOURCE: &str = "ordering";

/// A participant is sent a message with the decision to ask it. If it does not answer in time, it is sent another.
#[derive(Clone, Debug)]
pub struct ByMessage {
    /// Where messages wait to be sent.
    pub outbox: outbox::Handle,
    /// Ordering's database.
    pub database: Database,
    /// How long to wait for an answer before asking again.
    pub patience: Duration,
}

impl Ask<PlaceOrder> for ByMessage {
    fn ask<'a>(
        &'a self,
        tx: &'a mut Transaction,
        saga: Uuid,
        _this: Move<Step>,
        request: &'a str,
    ) -> Asking<'a> {
        Box::pin(async move {
            if let Ok(addressed) = serde_json::from_str::<Addressed>(request) {
                self.send(tx, saga, &addressed, 0).await?;
            }
            Ok(self.patience)
        })
    }
}

impl ByMessage {
    /// Each attempt is a message of its own, since a participant handles a message once, and is to answer again.
    async fn send(
        &self,
        tx: &mut Transaction,
        order: Uuid,
        addressed: &Addressed,
        attempt: u32,
    ) -> Result<(), database::Error> {
        let (topic, kind, data) = match &addressed.request {
            Request::Customers(command) => {
                (topics::CUSTOMERS_COMMANDS, kinds::CUSTOMERS_COMMAND, Data::of(command))
            }
            Request::Warehouse(command) => {
                (topics::WAREHOUSE_COMMANDS, kinds::WAREHOUSE_COMMAND, Data::of(command))
            }
            Request::Shipping(command) => {
                (topics::SHIPPING_COMMANDS, kinds::SHIPPING_COMMAND, Data::of(command))
            }
            Request::Billing(command) => {
                (topics::BILLING_COMMANDS, kinds::BILLING_COMMAND, Data::of(command))
            }
        };
        // A command is made of texts and numbers: it always has a JSON form.
        let Ok(data) = data else { return Ok(()) };
        let id = derived_id(&format!("{SOURCE}/{}", addressed.name), order, attempt);
        let subject = OrderId::new(order).to_string();
        let message = Envelope::new(id, SOURCE, kind, &subject, tx.now(), data);
        let mut message = message.caused_by(Some(&addressed.cause));
        // To whoever reads it, it is a reaction to what came to ordering; the decision to ask is known here only.
        message.causation_id = journal::cause(tx).and_then(|cause| cause.id);
        self.outbox.enqueue(tx, topic, &message).await
    }
}

impl Participants for ByMessage {
    async fn ask(&self, question: &Question<'_>, _calls: &mut Vec<Entry>) -> Asked {
        let (by, addressed, cause) = (self.clone(), question.addressed.clone(), question.cause.clone());
        let (id, attempt) = (question.order.uuid(), question.attempt + 1);
        let sent = self.database.write(async move |tx| {
            // Without a subject the journal keeps nothing, and the message has its cause all the same.
            let told = cause.clone();
            let told = if tasks::is_noted(attempt) { told } else { Cause { subject: None, ..told } };
            journal::because(tx, &told);
            by.send(tx, id, &addressed, attempt).await
        });
        match sent.await {
            Ok(()) => Asked::Failed("no answer in time, asked again".into()),
            Err(error) => Asked::Failed(Failure::internal(chassis::problem::chain(&error))),
        }
    }
}

/// Asks the warehouse over the broker what a product costs.
#[derive(Clone)]
pub struct Quotes {
    /// What the request and the reply go over.
    pub broker: Arc<dyn Broker>,
    /// Ids of requests.
    pub ids: chassis::ids::Ids,
    /// The time of requests.
    pub clock: database::Clock,
    /// How long to wait for a reply.
    pub timeout: Duration,
}

impl Catalogue for Quotes {
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            let unavailable = |error: serde_json::Error| Unavailable(error.into());
            let data = Data::of(&QuoteRequest { sku: sku.clone() }).map_err(unavailable)?;
            let kind = kinds::WAREHOUSE_QUOTE_REQUEST;
            let mut request =
                Envelope::new(self.ids.next(), SOURCE, kind, sku.as_str(), self.clock.now(), data);
            request.traceparent = Some(context.trace.to_string());
            let (started, begun, sent) = (self.clock.now(), Instant::now(), request.data.as_str().len());
            let deadline = context.deadline_within(self.timeout);
            let asked = self.broker.request(topics::WAREHOUSE_QUOTES, request, deadline).await;
            let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let reply = asked.map_err(|error| Unavailable(error.into()))?;
            let bytes = Some((sent + reply.data.as_str().len()) as u64);
            let call = Entry::call("warehouse", kind, started, took_us).with_outcome("answered");
            let quote = reply.data.parse::<Option<Quote>>().map_err(unavailable)?;
            Ok(Quoted { quote, call: Entry { bytes, ..call } })
        })
    }
}
