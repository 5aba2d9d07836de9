//! Forgetting the reservations of orders that are long over. Their pieces are free or have left the house: the product's own
//! row says what is on hand and reserved now, hence nothing is summed up from these.

use database::{Error, Transaction, params, statements};

statements! {
    /// When the reservation ended that is over longest.
    const OLDEST: "SELECT MIN(changed_at) FROM product_reservations WHERE status <> 'held'";
    /// Forgets some reservations that were over long ago.
    const FORGET: "DELETE FROM product_reservations WHERE (sku, order_id) IN (\
        SELECT sku, order_id FROM product_reservations \
        WHERE status <> 'held' AND changed_at < $1 ORDER BY changed_at LIMIT $2)";
}

/// When the reservation ended that is over longest, in microseconds since the Unix epoch.
///
/// # Errors
/// If the store fails.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    tx.query_one(OLDEST, params![], |row| row.get(0)).await
}

/// Forgets reservations that were over before `before` (microseconds since the Unix epoch), at most `limit` of them.
/// Returns how many there were.
///
/// Each is a tombstone: it refuses, or takes for repeated, a reservation of the same order that comes late. Ordering
/// stops asking for a reservation in the transaction that asks for its end, so the only late one is one that was on its
/// way then. A request is for as long as its time-out, and a message is in the order of its key, behind which its undo
/// waits wherever it waits. What remains are messages that a relay sends again since it had ended before it marked them:
/// a week is longer than one is down.
///
/// # Errors
/// If the store fails.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(FORGET, params![before, limit]).await
}
