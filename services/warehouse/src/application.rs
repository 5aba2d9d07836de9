//! What can be asked of products. Each function is part of one transaction, which its caller begins and ends,
//! so that the caller decides what else is in it: the answer to an idempotency key, a message to be sent.

use aggregate::{AnyRepository, Failure, Repository, Versioned, decide};
use contracts::{
    Count, Line, Money, Name, OrderId, Quantity, Sku, Timestamp,
    warehouse::{self, Reply, StockRefusal},
};
use database::Transaction;
use journal::{Entry, execute, note};

use crate::{
    domain::{Command, Product, Refusal},
    view,
};

/// Where products are kept, whatever keeps them.
pub type Products = AnyRepository<Product, Transaction, database::Error>;

/// What products are asked, wherever they are kept.
#[derive(Clone, Debug)]
pub struct Application {
    products: Products,
}

/// What is kept from now on.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Its stock-keeping unit.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What one piece costs.
    pub unit_price: Money,
    /// How many there are to begin with.
    pub on_hand: Count,
}

/// What is to be different about a product.
#[derive(Clone, Debug, Default)]
pub struct Alteration {
    /// What it is called.
    pub name: Option<Name>,
    /// What one piece costs.
    pub unit_price: Option<Money>,
}

/// What a product should have cost.
#[derive(Clone, Debug)]
pub struct Correcting {
    /// The product.
    pub sku: Sku,
    /// What one piece should have cost.
    pub unit_price: Money,
    /// From when on, until its price was changed after that.
    pub effective_from: Timestamp,
}

/// Why something asked was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is against the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Whoever asks has not seen the product as it is.
    #[error("the product is at version {current} by now")]
    Stale {
        /// The version.
        current: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl Application {
    /// An application on the products kept there.
    pub const fn new(products: Products) -> Self {
        Self { products }
    }

    /// One product; `None` if there is no such product.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn find(
        &self,
        tx: &mut Transaction,
        sku: &Sku,
    ) -> Result<Option<warehouse::Product>, database::Error> {
        Ok(view::of(sku.clone(), &self.load(tx, sku).await?))
    }

    /// Keeps a product from now on.
    ///
    /// # Errors
    /// If there is one of this sku, or the store fails.
    pub async fn add(&self, tx: &mut Transaction, addition: &Addition) -> Result<warehouse::Product, Error> {
        let Addition { sku, name, unit_price, on_hand } = addition.clone();
        self.carry_out(tx, &sku, &Command::Add { name, unit_price, on_hand }).await
    }

    /// Lets a product be called or cost something else. Whoever asks may have `seen` a version, and means no
    /// other.
    ///
    /// # Errors
    /// If the product is unknown or elsewhere by now, or the store fails.
    pub async fn alter(
        &self,
        tx: &mut Transaction,
        sku: &Sku,
        seen: Option<u64>,
        alteration: &Alteration,
    ) -> Result<warehouse::Product, Error> {
        let current = self.load(tx, sku).await?;
        if let Some(seen) = seen
            && current.exists()
            && current.version != seen
        {
            return Err(Error::Stale { current: current.version });
        }
        let mut product = view::of(sku.clone(), &current).ok_or(Refusal::UnknownProduct)?;
        if let Some(name) = alteration.name.clone() {
            product = self.carry_out(tx, sku, &Command::Rename { name }).await?;
        }
        if let Some(unit_price) = alteration.unit_price {
            product = self.carry_out(tx, sku, &Command::Reprice { unit_price }).await?;
        }
        Ok(product)
    }

    /// Records that a product should have cost something else from an instant on. `in_force` says whether its price was
    /// not changed since.
    ///
    /// # Errors
    /// If the product is unknown, or the store fails.
    pub async fn correct(
        &self,
        tx: &mut Transaction,
        correcting: &Correcting,
        in_force: bool,
    ) -> Result<warehouse::Product, Error> {
        let Correcting { ref sku, unit_price, effective_from } = *correcting;
        self.carry_out(tx, sku, &Command::CorrectPrice { unit_price, effective_from, in_force }).await
    }

    /// Takes more of a product in.
    ///
    /// # Errors
    /// If the product is unknown, more would have come in than can be counted, or the store fails.
    pub async fn restock(
        &self,
        tx: &mut Transaction,
        sku: &Sku,
        quantity: Quantity,
    ) -> Result<warehouse::Product, Error> {
        self.carry_out(tx, sku, &Command::Restock { quantity }).await
    }

    /// Does what an order asks of the stock: for all its lines, or for none. A command repeated changes
    /// nothing and is answered again.
    ///
    /// # Errors
    /// If the store fails: that stock is refused is an answer.
    pub async fn handle(&self, tx: &mut Transaction, command: &warehouse::Command) -> Result<Reply, Error> {
        let Asked { name, order_id, lines, ask, done } = asked(command);
        let skus: Vec<Sku> = lines.iter().map(|line| line.sku.clone()).collect();
        let products = self.products.load(tx, &skus, &Some(order_id)).await?;
        let mut changes = Vec::with_capacity(lines.len());
        for (line, product) in lines.iter().zip(&products) {
            match decide(line.sku.clone(), product, &ask(order_id, line.quantity)) {
                Ok(change) => {
                    let after = change.as_ref().map_or(&product.state, |change| &change.after);
                    if done == Reply::StockReserved && after.has_refused(order_id) {
                        // One that refuses is enough, and the only one that changes: asked again it answers the same.
                        note(tx, Entry::command(name, change.is_some()));
                        self.products.save(tx, change.as_slice()).await?;
                        return Ok(Reply::StockRefused { reason: StockRefusal::OutOfStock });
                    }
                    changes.extend(change);
                }
                Err(refusal) => {
                    note(tx, Entry::refusal(name, format!("{}: {refusal}", line.sku)));
                    return refused(refusal);
                }
            }
        }
        note(tx, Entry::command(name, !changes.is_empty()));
        self.products.save(tx, &changes).await?;
        Ok(done)
    }

    async fn load(&self, tx: &mut Transaction, sku: &Sku) -> Result<Versioned<Product>, database::Error> {
        let loaded = self.products.load(tx, std::slice::from_ref(sku), &None).await?;
        Ok(loaded.into_iter().next().unwrap_or_default())
    }

    /// Carries out a command that is about no order.
    async fn carry_out(
        &self,
        tx: &mut Transaction,
        sku: &Sku,
        command: &Command,
    ) -> Result<warehouse::Product, Error> {
        let product = execute(&self.products, tx, sku, &None, command, command.name()).await?;
        view::of(sku.clone(), &product).ok_or(Error::Refused(Refusal::UnknownProduct))
    }
}

impl From<Failure<Refusal, database::Error>> for Error {
    fn from(failure: Failure<Refusal, database::Error>) -> Self {
        match failure {
            Failure::Refused(refusal) => Error::Refused(refusal),
            Failure::Store(error) => Error::Store(error),
        }
    }
}

/// What an order asks of each of its lines' products.
struct Asked<'a> {
    name: &'static str,
    order_id: OrderId,
    lines: &'a [Line],
    ask: fn(OrderId, Quantity) -> Command,
    /// The answer when none refuses.
    done: Reply,
}

fn asked(command: &warehouse::Command) -> Asked<'_> {
    match command {
        warehouse::Command::ReserveStock { order_id, lines } => Asked {
            name: "reserve_stock",
            order_id: *order_id,
            lines,
            ask: |order_id, quantity| Command::ReserveStock { order_id, quantity },
            done: Reply::StockReserved,
        },
        warehouse::Command::ReleaseStock { order_id, lines } => Asked {
            name: "release_stock",
            order_id: *order_id,
            lines,
            ask: |order_id, _| Command::ReleaseStock { order_id },
            done: Reply::StockReleased,
        },
        warehouse::Command::TakeStockOut { order_id, lines } => Asked {
            name: "take_stock_out",
            order_id: *order_id,
            lines,
            ask: |order_id, _| Command::TakeStockOut { order_id },
            done: Reply::StockTakenOut,
        },
    }
}

/// The answer when one of the products refuses.
fn refused(refusal: Refusal) -> Result<Reply, Error> {
    let reason = match refusal {
        Refusal::UnknownProduct => StockRefusal::OutOfStock,
        Refusal::Released => StockRefusal::Released,
        // What only an addition or a restock is refused for.
        Refusal::AlreadyExists | Refusal::CountTooLarge => return Err(refusal.into()),
    };
    Ok(Reply::StockRefused { reason })
}
