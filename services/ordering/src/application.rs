//! What can be done with orders, each within one transaction: the order and what follows from it are kept together, or
//! not at all.

use aggregate::{AnyRepository, Versioned};
use chassis::changes::Changes;
use contracts::{CustomerId, OrderId, Quantity, Reference, Sku, Timestamp, warehouse::Quote};
use database::Transaction;

use crate::{
    book::Book,
    domain::{Command, Order, Refusal},
    error::Error,
    process::{Process, Reply},
};

/// Where orders are kept, whatever keeps them.
pub type Orders = AnyRepository<Order, Transaction, database::Error>;

/// What a client wants an order to begin with.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Its id.
    pub id: OrderId,
    /// Who orders.
    pub customer_id: CustomerId,
    /// What the client calls it.
    pub reference: Option<Reference>,
    /// Its first lines.
    pub lines: Vec<(Quote, Quantity)>,
}

impl NewOrder {
    /// What has to be asked of the order, one after the other.
    fn commands(&self, at: Timestamp) -> Vec<Command> {
        let create = Command::Create { customer_id: self.customer_id, reference: self.reference.clone(), at };
        let lines = self.lines.iter().map(|(quote, quantity)| add_line(quote, *quantity));
        std::iter::once(create).chain(lines).collect()
    }
}

fn add_line(quote: &Quote, quantity: Quantity) -> Command {
    let Quote { sku, name, unit_price } = quote.clone();
    Command::AddLine { sku, name, unit_price, quantity }
}

/// What can be done with orders.
#[derive(Debug)]
pub struct Application {
    book: Book,
    process: Process,
}

impl Application {
    /// Orders kept in `orders`; what follows from a command to one is up to `process`, and whoever waits hears of it by
    /// `changes`.
    #[must_use]
    pub const fn new(orders: Orders, process: Process, changes: Changes) -> Self {
        Self { book: Book::new(orders, changes), process }
    }

    /// Begins an order.
    ///
    /// # Errors
    /// A line that the order refuses.
    pub async fn create(&self, tx: &mut Transaction, new: &NewOrder) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        self.book.execute_all(tx, new.id, &new.commands(at)).await
    }

    /// Begins an order and has it shipped and billed, at once.
    ///
    /// # Errors
    /// A line that the order refuses, or its refusal to be placed: it was not begun then.
    pub async fn create_and_place(
        &self,
        tx: &mut Transaction,
        new: &NewOrder,
        traceparent: Option<String>,
    ) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        let mut commands = new.commands(at);
        commands.push(Command::Place { at });
        let order = self.book.execute_all(tx, new.id, &commands).await?;
        self.process.placed(tx, new.id, &order.state, traceparent).await?;
        Ok(order)
    }

    /// Adds so many of a product.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn add_line(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        quote: &Quote,
        quantity: Quantity,
    ) -> Result<Versioned<Order>, Error> {
        self.book.execute(tx, id, add_line(quote, quantity)).await
    }

    /// Has so many of a product that the order has.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn change_line(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        sku: Sku,
        quantity: Quantity,
    ) -> Result<Versioned<Order>, Error> {
        self.book.execute(tx, id, Command::ChangeLine { sku, quantity }).await
    }

    /// Has none of a product.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn remove_line(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        sku: Sku,
    ) -> Result<Versioned<Order>, Error> {
        self.book.execute(tx, id, Command::RemoveLine { sku }).await
    }

    /// Has the order shipped and billed.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn place(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        traceparent: Option<String>,
    ) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        let order = self.book.execute(tx, id, Command::Place { at }).await?;
        self.process.placed(tx, id, &order.state, traceparent).await?;
        Ok(order)
    }

    /// Has the order come to nothing, if there is still a way back.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn cancel(&self, tx: &mut Transaction, id: OrderId) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        let order = self.book.execute(tx, id, Command::Cancel { at }).await?;
        if !order.state.status.is_final() {
            self.process.cancelled(tx, id, &order.state).await?;
        }
        Ok(order)
    }

    /// Takes in what another service answered or reported. What comes again, or too late, changes nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn receive(&self, tx: &mut Transaction, id: OrderId, reply: &Reply) -> Result<(), Error> {
        self.process.replied(tx, &self.book, id, reply).await
    }

    /// The order, unless the client has decided on another version of it.
    ///
    /// # Errors
    /// [`Error::Stale`], or that there is no such order.
    pub async fn expect(&self, tx: &mut Transaction, id: OrderId, seen: Option<u64>) -> Result<(), Error> {
        let Some(seen) = seen else { return Ok(()) };
        let order = self.book.load(tx, id).await?;
        match order.version {
            0 => Err(Refusal::UnknownOrder.into()),
            current if current != seen => Err(Error::Stale { current }),
            _ => Ok(()),
        }
    }

    /// That lines can be added to the order, and that it is at the version that the client has decided on, if it says.
    ///
    /// # Errors
    /// [`Error::Stale`], that there is no such order, or that it is locked.
    pub async fn expect_open(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        seen: Option<u64>,
    ) -> Result<(), Error> {
        self.expect(tx, id, seen).await?;
        Ok(self.book.load(tx, id).await?.state.check_open()?)
    }
}
