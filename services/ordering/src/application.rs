//! What can be done with orders, each within one transaction: the order, its saga, and what participants are asked next
//! are kept together, or not at all.

use aggregate::{AnyRepository, Failure, Repository, Versioned};
use chassis::{
    changes::{Changes, Key},
    trace,
};
use contracts::{
    Contact, CustomerId, OrderId, Quantity, Reference, Sku, Timestamp, ordering::Reason, warehouse::Quote,
};
use database::Transaction;
use journal::{Cause, Origin};
use saga::{Definition, Input, Instance, Move, Phase, Runner, StepState, Told};

use crate::{
    domain::{Command, Order, Outcome, Refusal},
    process::{Addressed, PlaceOrder, Reply, Step, meaning, request},
};

/// Where orders are kept, whatever keeps them.
pub type Orders = AnyRepository<Order, Transaction, database::Error>;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The order said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client decided on another version of the order.
    #[error("the order is at version {current}")]
    Stale {
        /// The version that it is at.
        current: u64,
    },
    /// The saga of the order could not be moved on.
    #[error("moving the order's saga on")]
    Saga(#[from] saga::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Failure<Refusal, database::Error>> for Error {
    fn from(failure: Failure<Refusal, database::Error>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::Store(error),
        }
    }
}

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
    orders: Orders,
    saga: Runner<PlaceOrder>,
    changes: Changes,
}

impl Application {
    /// Orders kept in `orders`, whose participants are asked by `saga`; whoever waits hears of it by `changes`.
    pub const fn new(orders: Orders, saga: Runner<PlaceOrder>, changes: Changes) -> Self {
        Self { orders, saga, changes }
    }

    /// Begins an order.
    ///
    /// # Errors
    /// A line that the order refuses.
    pub async fn create(&self, tx: &mut Transaction, new: &NewOrder) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        self.execute_all(tx, new.id, &new.commands(at)).await
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
        let order = self.execute_all(tx, new.id, &commands).await?;
        self.begin(tx, new.id, &order, traceparent).await?;
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
        self.execute(tx, id, add_line(quote, quantity)).await
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
        self.execute(tx, id, Command::ChangeLine { sku, quantity }).await
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
        self.execute(tx, id, Command::RemoveLine { sku }).await
    }

    /// Has the order shipped and billed: its saga begins.
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
        let order = self.execute(tx, id, Command::Place { at }).await?;
        self.begin(tx, id, &order, traceparent).await?;
        Ok(order)
    }

    /// Has the order come to nothing, if there is still a way back: its saga turns round.
    ///
    /// # Errors
    /// The order's refusal.
    pub async fn cancel(&self, tx: &mut Transaction, id: OrderId) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        let order = self.execute(tx, id, Command::Cancel { at }).await?;
        if !order.state.status.is_final() {
            self.advance(tx, id, &order.state, Input::Abort.into()).await?;
        }
        Ok(order)
    }

    /// Takes in what a participant answered. An answer that comes again, or too late, changes nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn receive(&self, tx: &mut Transaction, id: OrderId, reply: &Reply) -> Result<(), Error> {
        let meaning = meaning(reply);
        let reported = match meaning.outcome {
            Some(outcome) => Some(self.report(tx, id, outcome).await?),
            None => None,
        };
        let Some(input) = meaning.input else { return Ok(()) };
        let order = match reported {
            Some(order) => order,
            None => self.load(tx, id).await?,
        };
        let memory = meaning.contact.as_ref().and_then(|contact| serde_json::to_string(contact).ok());
        let advanced = self.advance(tx, id, &order.state, Told { input, traceparent: None, memory }).await?;
        if advanced.became(Phase::Unwound) && !order.state.status.is_final() {
            let because = unwound_for(&advanced.instance);
            self.report(tx, id, Outcome::CreditReleased { because }).await?;
        }
        Ok(())
    }

    /// The order, unless the client has decided on another version of it.
    ///
    /// # Errors
    /// [`Error::Stale`], or that there is no such order.
    pub async fn expect(&self, tx: &mut Transaction, id: OrderId, seen: Option<u64>) -> Result<(), Error> {
        let Some(seen) = seen else { return Ok(()) };
        let order = self.load(tx, id).await?;
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
        Ok(self.load(tx, id).await?.state.check_open()?)
    }

    async fn load(&self, tx: &mut Transaction, id: OrderId) -> Result<Versioned<Order>, Error> {
        Ok(self.orders.load(tx, &[id], &()).await?.into_iter().next().unwrap_or_default())
    }

    async fn report(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        outcome: Outcome,
    ) -> Result<Versioned<Order>, Error> {
        let at = Timestamp::from_micros(tx.now());
        self.execute(tx, id, Command::Outcome { outcome, at }).await
    }

    async fn execute(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        command: Command,
    ) -> Result<Versioned<Order>, Error> {
        self.execute_all(tx, id, &[command]).await
    }

    /// Has the order decide commands that follow one another, and tells those who wait what became of it.
    async fn execute_all(
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

    /// Begins the saga of an order that was just placed.
    async fn begin(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Versioned<Order>,
        traceparent: Option<String>,
    ) -> Result<(), Error> {
        let told = Told { input: Input::Start, traceparent, memory: None };
        self.advance(tx, id, &order.state, told).await?;
        Ok(())
    }

    async fn advance(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
        told: Told<Step>,
    ) -> Result<saga::Advanced<PlaceOrder>, saga::Error> {
        let actor = journal::cause(tx).and_then(|cause| cause.actor.clone());
        let ask = |this: Move<Step>, instance: &Instance<PlaceOrder>| {
            let contact =
                instance.memory.as_deref().and_then(|memory| serde_json::from_str::<Contact>(memory).ok());
            let request = request(id, order, contact.as_ref(), this)?;
            let name = saga::move_name::<PlaceOrder>(this);
            let cause = Cause {
                subject: Some(id.uuid()),
                id: Some(saga::ask_id(PlaceOrder::NAME, id.uuid(), &name)),
                actor: actor.clone(),
                traceparent: instance.traceparent.clone(),
                origin: Origin::Unknown,
            };
            let addressed = Addressed { name, request, cause };
            serde_json::to_string(&addressed).ok()
        };
        let advanced = self.saga.advance(tx, id.uuid(), told, ask).await?;
        // Whoever moves the order on from another trace, to cancel it say, has a part in that of the order.
        if let Some(traceparent) = &advanced.instance.traceparent {
            trace::link(traceparent);
        }
        Ok(advanced)
    }
}

/// What those listen to who wait for an order's outcome, or for the decision about its cancellation: most of what happens to
/// an order is neither, and each would look at it again.
#[must_use]
pub fn settled(id: OrderId) -> Key {
    format!("{id}/settled").into()
}

/// What started the undoing, if it was no wish to cancel: stock that was refused.
fn unwound_for(saga: &Instance<PlaceOrder>) -> Option<Reason> {
    (saga.progress.step(Step::ReserveStock) == Some(StepState::Refused)).then_some(Reason::OutOfStock)
}
