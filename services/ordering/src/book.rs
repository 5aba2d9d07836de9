//! The book of orders: what a command to one of them takes, whatever follows from it.

use aggregate::{Repository, Versioned};
use chassis::changes::{Changes, Key};
use contracts::{OrderId, Timestamp};
use database::Transaction;

use crate::{
    application::Orders,
    domain::{Command, Order, Outcome},
    error::Error,
};

/// Every order, and those who wait to hear of one.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    orders: Orders,
    changes: Changes,
}

impl Book {
    /// Orders kept in `orders`; whoever waits hears of them by `changes`.
    pub(crate) const fn new(orders: Orders, changes: Changes) -> Self {
        Self { orders, changes }
    }

    /// The order; one that was not begun yet, if there is none.
    pub(crate) async fn load(&self, tx: &mut Transaction, id: OrderId) -> Result<Versioned<Order>, Error> {
        Ok(self.orders.load(tx, &[id], &()).await?.into_iter().next().unwrap_or_default())
    }

    /// Tells the order what became of its part with another service.
    pub(crate) async fn report(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        outcome: Outcome,
    ) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        self.execute(tx, id, Command::Outcome { outcome, at }).await
    }

    /// Has the order decide a command.
    pub(crate) async fn execute(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        command: Command,
    ) -> Result<Versioned<Order>, Error> {
        self.execute_all(tx, id, &[command]).await
    }

    /// Has the order decide commands that follow one another, and tells those who wait what became of it.
    pub(crate) async fn execute_all(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        commands: &[Command],
    ) -> Result<Versioned<Order>, Error> {
        let order = journal::execute_all(&self.orders, tx, &id, &(), commands, Command::name).await?;
        let (changes, is_settled) = (self.changes.clone(), order.state.is_settled());
        tx.after_commit(move || {
            changes.notify(id.uuid());
            if is_settled {
                changes.notify(settled(id));
            }
        });
        Ok(order)
    }
}

/// What those listen to who wait for an order's outcome, or for the decision about its cancellation: most of what happens to
/// an order is neither, and each would look at it again.
#[must_use]
pub(crate) fn settled(id: OrderId) -> Key {
    format!("{id}/settled").into()
}
