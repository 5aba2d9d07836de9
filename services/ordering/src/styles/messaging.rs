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
use saga::{Ask, Asking, Move};
use uuid::Uuid;

use super::call::{Asked, Participants};
use crate::{
    http::{Catalogue, Unavailable},
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
        let mut message = Envelope::new(id, SOURCE, kind, &subject, tx.now(), data);
        message.traceparent.clone_from(&addressed.traceparent);
        message.correlation_id = Some(order);
        self.outbox.enqueue(tx, topic, &message).await
    }
}

impl Participants for ByMessage {
    async fn ask(&self, order: OrderId, addressed: &Addressed, attempt: u32) -> Asked {
        let (by, addressed, id) = (self.clone(), addressed.clone(), order.uuid());
        let sent = self.database.write(async move |tx| by.send(tx, id, &addressed, attempt + 1).await).await;
        match sent {
            Ok(()) => Asked::Failed("no answer in time, asked again".to_owned()),
            Err(error) => Asked::Failed(chassis::problem::chain(&error)),
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
    fn quote<'a>(
        &'a self,
        sku: &'a Sku,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Option<Quote>, Unavailable>> {
        Box::pin(async move {
            let unavailable = |error: serde_json::Error| Unavailable(error.into());
            let data = Data::of(&QuoteRequest { sku: sku.clone() }).map_err(unavailable)?;
            let kind = kinds::WAREHOUSE_QUOTE_REQUEST;
            let mut request =
                Envelope::new(self.ids.next(), SOURCE, kind, sku.as_str(), self.clock.now(), data);
            request.traceparent = Some(context.trace.to_string());
            let deadline = context.deadline_within(self.timeout);
            let asked = self.broker.request(topics::WAREHOUSE_QUOTES, request, deadline).await;
            let reply = asked.map_err(|error| Unavailable(error.into()))?;
            reply.data.parse().map_err(unavailable)
        })
    }
}
