//! What a product costs, asked and told over the broker. Neither is kept: whoever hears nothing asks again.

use std::{sync::Arc, time::Duration};

use chassis::{problem::chain, shutdown::Drain};
use contracts::{
    topics::{self, kinds},
    warehouse::{Quote, QuoteRequest},
};
use database::Database;
use messaging::{Broker, Data, Envelope, Responder, derived_id};

use super::SOURCE;
use crate::application::Application;

/// Tells what products cost.
#[derive(Clone, Debug)]
pub struct Quotes {
    /// What products are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
}

impl Quotes {
    /// Replies to requests until `drain`, over a broker that may come and go.
    pub async fn serve(self, broker: Arc<dyn Broker>, drain: Drain) {
        let responder: Arc<dyn Responder> = Arc::new(move |request| self.clone().reply(request));
        loop {
            let served =
                broker.serve(topics::WAREHOUSE_QUOTES, responder.clone(), Box::pin(drain.requested()));
            let Err(error) = served.await else { return };
            tracing::warn!(reason = chain(&error), "cannot be asked what products cost, trying again soon");
            if !drain.sleep(Duration::from_secs(1)).await {
                return;
            }
        }
    }

    /// The reply to a request; `None` leaves it unanswered.
    pub async fn reply(self, request: Envelope) -> Option<Envelope> {
        if request.kind != kinds::WAREHOUSE_QUOTE_REQUEST {
            return None;
        }
        let QuoteRequest { sku } = request.data.parse().ok()?;
        let application = self.application;
        let found = self.database.read(async move |tx| application.find(tx, &sku).await).await;
        let product = found
            .inspect_err(|error| tracing::warn!(reason = chain(error), "cannot tell what a product costs"))
            .ok()?;
        let quote = product.map(|it| Quote { sku: it.sku, name: it.name, unit_price: it.unit_price });
        let (id, now, data) =
            (derived_id(SOURCE, request.id, 0), self.database.now(), Data::of(&quote).ok()?);
        let mut reply = Envelope::new(id, SOURCE, kinds::WAREHOUSE_QUOTE, &request.subject, now, data);
        reply.traceparent = request.traceparent;
        reply.causation_id = Some(request.id);
        Some(reply)
    }
}
