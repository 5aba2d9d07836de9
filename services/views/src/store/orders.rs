//! Orders' documents, and a row for each of their lines, by which they are found under a sku.

use contracts::{
    Money, OrderId, Quantity, Sku,
    ordering::{
        Order,
        OrderStatus::{self, CreditConfirmed, Open, Pending},
    },
};
use database::{Error, Transaction, params, statements};

use super::{Kept, Stored, text};

statements! {
    /// What is kept of an order.
    const LOAD: "SELECT version, document FROM view_orders WHERE generation = $1 AND order_id = $2";
    /// Keeps an order's document.
    const SAVE: "INSERT INTO view_orders (generation, order_id, customer_id, status, placed_at, total, currency, version, \
        document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (generation, order_id) DO UPDATE SET \
        status = excluded.status, placed_at = excluded.placed_at, total = excluded.total, \
        currency = excluded.currency, version = excluded.version, document = excluded.document";
    /// Keeps a line.
    const SAVE_LINE: "INSERT INTO view_order_lines (generation, sku, order_id, quantity, wanted) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (generation, sku, order_id) DO UPDATE SET \
        quantity = excluded.quantity, wanted = excluded.wanted";
    /// Forgets a line that was taken off.
    const DROP_LINE: "DELETE FROM view_order_lines WHERE generation = $1 AND sku = $2 AND order_id = $3";
}

impl Stored for Order {
    async fn load(tx: &mut Transaction, generation: i64, id: &OrderId) -> Result<Option<Kept>, Error> {
        let read = |row: &database::Row<'_>| Ok(Kept { version: row.get(0)?, text: row.get(1)? });
        tx.query_opt(LOAD, params![generation, id.uuid()], read).await
    }

    async fn save(&self, tx: &mut Transaction, generation: i64, before: Option<&Self>) -> Result<(), Error> {
        let row = params![
            generation,
            self.id.uuid(),
            self.customer_id.uuid(),
            self.status.as_str(),
            self.placed_at.map(contracts::Timestamp::micros),
            self.total.map(Money::amount),
            self.total.as_ref().map(|total| total.currency().as_str().to_owned()),
            self.version,
            text(self)?,
        ];
        tx.execute(SAVE, row).await?;
        save_lines(tx, generation, self, before).await
    }
}

/// Whether an order in this status wants pieces that are not set aside for it yet.
const fn is_wanting(status: OrderStatus) -> bool {
    matches!(status, Open | Pending | CreditConfirmed)
}

/// The rows of an order's lines.
fn lines(order: &Order) -> impl Iterator<Item = (&Sku, Quantity, bool)> {
    order.items.iter().map(|item| (&item.sku, item.quantity, is_wanting(order.status)))
}

/// Lines change while an order is OPEN, and are wanted no more once it leaves CREDIT_CONFIRMED: most changes touch none.
async fn save_lines(
    tx: &mut Transaction,
    generation: i64,
    order: &Order,
    before: Option<&Order>,
) -> Result<(), Error> {
    let id = order.id.uuid();
    for line in lines(order) {
        if !before.is_some_and(|before| lines(before).any(|kept| kept == line)) {
            let (sku, quantity, wanted) = line;
            tx.execute(SAVE_LINE, params![generation, sku.as_str(), id, quantity.get(), wanted]).await?;
        }
    }
    for (sku, ..) in before.into_iter().flat_map(lines) {
        if !order.items.iter().any(|item| item.sku == *sku) {
            tx.execute(DROP_LINE, params![generation, sku.as_str(), id]).await?;
        }
    }
    Ok(())
}
