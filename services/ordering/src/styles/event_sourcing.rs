//! `event-sourcing`: ordering follows the ledger, as everybody does; what products cost it knows from there, too.

use chassis::context::Context;
use contracts::{Sku, warehouse::Quote};
use database::{Database, Transaction};
use event_store::Grid;
use futures_util::future::BoxFuture;

use ::choreography::ledger::Offered;

use crate::catalogue::{Catalogue, Quoted, Unavailable};

/// What products cost: what the warehouse has published, read to the end of the ledger, so that it is exact.
#[derive(Clone, Debug)]
pub struct Published {
    /// What is published of products.
    pub offers: Grid<Offered>,
    /// Where it is read.
    pub database: Database,
}

impl Catalogue for Published {
    fn quote<'a>(&'a self, sku: &'a Sku, _: &'a Context) -> BoxFuture<'a, Result<Quoted, Unavailable>> {
        Box::pin(async move {
            let (offers, of) = (self.offers.clone(), sku.clone());
            let read = async move |tx: &mut Transaction| offers.whole(tx, &of).await;
            let offered = self.database.read::<_, database::Error, _>(read).await?.state;
            let quote = offered.0.map(|(name, unit_price)| Quote { sku: sku.clone(), name, unit_price });
            Ok(Quoted { quote, calls: Vec::new(), age: None })
        })
    }
}
