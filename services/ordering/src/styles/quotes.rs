//! What products cost: the warehouse is asked, over HTTP or over the broker. Both wait for the answer, which may be lost.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use chassis::{
    client::{Call, HttpClient},
    context::Context,
    ids::Ids,
};
use contracts::{
    Sku,
    topics::{self, kinds},
    warehouse::{Quote, QuoteRequest},
};
use database::Clock;
use futures_util::future::BoxFuture;
use journal::Entry;
use messaging::{Broker, Data, Envelope};
use tokio::time::Instant;

use super::SOURCE;
use crate::catalogue::{Catalogue, Quoted, Unavailable};

/// Asks the warehouse over HTTP.
#[derive(Clone, Debug)]
pub struct ByCall {
    /// What it is called with.
    pub client: HttpClient,
    /// Where it listens: `http://host:port`, without a path.
    pub warehouse: String,
    /// How long to wait for an answer.
    pub timeout: Duration,
}

impl Catalogue for ByCall {
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            let url = format!("{}/v1/products/{sku}", self.warehouse);
            let context = context.clone().with_idempotency_key(None);
            let call = Call::get(url).to("warehouse").for_context(&context).within(self.timeout);
            let (answered, call) = self.client.send_noted(call, "GET /v1/products/{sku}").await;
            let response = answered.map_err(|error| Unavailable(error.into()))?;
            let quote = match response.status {
                StatusCode::OK => response.json().map(Some).map_err(|error| Unavailable(error.into()))?,
                StatusCode::NOT_FOUND => None,
                status => return Err(Unavailable(format!("the warehouse answered {status}").into())),
            };
            Ok(Quoted { quote, calls: vec![call], age: None })
        })
    }
}

/// Asks the warehouse over the broker.
#[derive(Clone)]
pub struct ByMessage {
    /// What the request and the reply go over.
    pub broker: Arc<dyn Broker>,
    /// Ids of requests.
    pub ids: Ids,
    /// The time of requests.
    pub clock: Clock,
    /// How long to wait for a reply.
    pub timeout: Duration,
}

impl Catalogue for ByMessage {
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
            Ok(Quoted { quote, calls: vec![Entry { bytes, ..call }], age: None })
        })
    }
}
