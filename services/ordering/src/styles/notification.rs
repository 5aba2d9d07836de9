//! `notification`: others hear only that something happened to an order, and ask; so does ordering, of reports and of prices.

use ::choreography::{Callbacks, callbacks};
use chassis::{
    client::HttpClient,
    context::Context,
    service::{self, Service},
};
use contracts::{Sku, topics, warehouse::Quote};
use futures_util::future::BoxFuture;

use super::SOURCE;
use crate::catalogue::{Catalogue, Quoted, Unavailable};

/// That something happened to an order, and nothing more.
pub use ::choreography::Notice as Events;

/// Where ordering hears, beside its policies, that what it was answered is old.
pub const DROPPED_ON: &[&str] = &[topics::WAREHOUSE_EVENTS];

/// What ordering has to know of others is asked of them, at these addresses.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn source(
    service: &Service,
    client: &HttpClient,
    owners: &callbacks::Addresses,
) -> Result<Callbacks, service::Error> {
    let options = callbacks::Options::new(SOURCE, owners.clone());
    let options = callbacks::Options { dropped_on: DROPPED_ON, ..options };
    Callbacks::of(service, client, options)
}

/// What products cost: the warehouse is asked, unless it was a short while ago and has told of no change since.
#[derive(Clone, Debug)]
pub struct Asked(pub Callbacks);

impl Catalogue for Asked {
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            let (ask, mut calls) = (callbacks::Ask::Product(sku.clone()), Vec::new());
            let why = callbacks::Why { context: context.clone().with_idempotency_key(None), cause: None };
            let quote = match self.0.document::<Quote>(&ask, 0, &why, &mut calls).await {
                Ok(quote) => Some(quote),
                Err(callbacks::Error::Gone { .. }) => None,
                Err(error) => return Err(Unavailable(error.into())),
            };
            Ok(Quoted { quote, calls, age: None })
        })
    }
}
