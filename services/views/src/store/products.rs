//! Products' documents.

use contracts::{Sku, warehouse::Product};
use database::{Error, Transaction, params, statements};

use super::{Kept, Stored, text};

statements! {
    /// What is kept of a product.
    const LOAD: "SELECT version, document FROM view_products WHERE generation = $1 AND sku = $2";
    /// Keeps a product's document.
    const SAVE: "INSERT INTO view_products (generation, sku, version, document) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (generation, sku) DO UPDATE SET version = excluded.version, document = excluded.document";
}

impl Stored for Product {
    async fn load(tx: &mut Transaction, generation: i64, sku: &Sku) -> Result<Option<Kept>, Error> {
        let read = |row: &database::Row<'_>| Ok(Kept { version: row.get(0)?, text: row.get(1)? });
        tx.query_opt(LOAD, params![generation, sku.as_str()], read).await
    }

    async fn save(&self, tx: &mut Transaction, generation: i64, _: Option<&Self>) -> Result<(), Error> {
        let text = text(self)?;
        tx.execute(SAVE, params![generation, self.sku.as_str(), self.version, text]).await.map(drop)
    }
}
