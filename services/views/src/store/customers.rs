//! Customers' documents.

use contracts::{CustomerId, customers::Customer};
use database::{Error, Transaction, params, statements};

use super::{Kept, Stored, text};

statements! {
    /// What is kept of a customer.
    const LOAD: "SELECT version, document FROM view_customers WHERE generation = $1 AND customer_id = $2";
    /// Keeps a customer's document.
    const SAVE: "INSERT INTO view_customers (generation, customer_id, name, created_at, version, document) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (generation, customer_id) DO UPDATE SET \
        name = excluded.name, created_at = excluded.created_at, version = excluded.version, \
        document = excluded.document";
}

impl Stored for Customer {
    async fn load(tx: &mut Transaction, generation: i64, id: &CustomerId) -> Result<Option<Kept>, Error> {
        let read = |row: &database::Row<'_>| Ok(Kept { version: row.get(0)?, text: row.get(1)? });
        tx.query_opt(LOAD, params![generation, id.uuid()], read).await
    }

    async fn save(&self, tx: &mut Transaction, generation: i64, _: Option<&Self>) -> Result<(), Error> {
        let (id, at, text) = (self.id.uuid(), self.created_at.micros(), text(self)?);
        tx.execute(SAVE, params![generation, id, self.name.as_str(), at, self.version, text]).await.map(drop)
    }
}
