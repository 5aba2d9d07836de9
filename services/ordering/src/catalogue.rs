//! What products cost: asked of somebody when lines are added.

use std::time::Duration;

use chassis::context::Context;
use contracts::{Sku, warehouse::Quote};
use futures_util::future::BoxFuture;
use journal::Entry;

/// Where the price and the name of a product come from.
pub trait Catalogue: Send + Sync + 'static {
    /// What the product is called and costs now, if there is such a product.
    ///
    /// # Errors
    /// [`Unavailable`] if nobody can say at the moment.
    fn quote<'a>(&'a self, sku: &'a Sku, context: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>>;
}

/// What somebody said of a product.
#[derive(Clone, Debug)]
pub struct Quoted {
    /// What it is called and costs; `None` if there is no such product.
    pub quote: Option<Quote>,
    /// The calls that it took to find out, for the order's journal.
    pub calls: Vec<Entry>,
    /// How old what this was read from is, if that is not the warehouse itself.
    pub age: Option<Duration>,
}

/// Nobody can say what a product costs at the moment.
#[derive(Debug, thiserror::Error)]
#[error("asking the warehouse for a price")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);
