//! `state-transfer`: others hear what has become of an order, and keep it; so does ordering of products, whose prices it
//! knows without asking.

use std::time::Duration;

use ::choreography::{Copies, State, copies};
use chassis::{
    changes::{Changes, wait_until},
    context::Context,
};
use contracts::{Sku, warehouse::Quote};
use database::{Database, Transaction};
use futures_util::future::BoxFuture;
use messaging::publishing::Content;
use tokio::time::Instant;

use crate::{
    catalogue::{Catalogue, Quoted, Unavailable},
    domain::Order,
    view,
};

/// How long a product is awaited of which the warehouse may just have told.
const AWAITED: Duration = Duration::from_secs(2);

/// What has become of an order, whole.
#[must_use]
pub fn events() -> impl Content<Order> + Clone {
    State(|id: &_, order: &_| view::of(*id, order))
}

/// What ordering has to know of others it has been told.
#[must_use]
pub fn source() -> Copies {
    Copies::of(&["product"])
}

/// What products cost: what the warehouse told last.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where copies are kept.
    pub database: Database,
    /// By which those who wait for a copy hear of it.
    pub changes: Changes,
}

impl Catalogue for Told {
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            // Some of the client's time is kept for the answer.
            let awaited = context.remaining().map_or(AWAITED, |left| AWAITED.min(left / 4 * 3));
            let look = || async {
                let sku = sku.clone();
                let find = async move |tx: &mut Transaction| {
                    copies::find::<Quote>(tx, "product", sku.as_str()).await
                };
                self.database.read(find).await
            };
            let key = copies::key("product", sku.as_str());
            let found = wait_until(&self.changes, key, Instant::now() + awaited, look).await?;
            let age = match found {
                Some(_) => None,
                None => self.database.read(async |tx| copies::age(tx, "product").await).await?,
            };
            Ok(Quoted { quote: found.map(|copy| copy.document), calls: Vec::new(), age })
        })
    }
}

impl From<database::Error> for Unavailable {
    fn from(error: database::Error) -> Self {
        Self(error.into())
    }
}
