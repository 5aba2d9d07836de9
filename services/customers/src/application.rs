//! What can be asked of customers. Each function is part of one transaction, which its caller begins and
//! ends, so that the caller decides what else is in it: the answer to an idempotency key, a message to be
//! sent.

use aggregate::{AnyRepository, Failure, Repository, Versioned};
use contracts::{
    Address, CustomerId, Email, Money, Name, OrderId, Timestamp,
    customers::{self, CreditRefusal, Reply},
};
use database::Transaction;
use journal::execute;

use crate::{
    domain::{Command, Customer, Refusal, Reservation},
    view,
};

/// Where customers are kept, whatever keeps them.
pub type Customers = AnyRepository<Customer, Transaction, database::Error>;

/// What customers are asked, wherever they are kept.
#[derive(Clone, Debug)]
pub struct Application {
    customers: Customers,
}

/// Who becomes a customer.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Their name.
    pub name: Name,
    /// Where mail reaches them.
    pub email: Email,
    /// Where parcels reach them.
    pub address: Address,
    /// How much they may owe.
    pub credit_limit: Money,
}

/// Why something asked was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is against the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Whoever asks has not seen the customer as they are.
    #[error("the customer is at version {current} by now")]
    Stale {
        /// The version.
        current: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl Application {
    /// An application on the customers kept there.
    pub const fn new(customers: Customers) -> Self {
        Self { customers }
    }

    /// One customer; `None` if there is no such customer.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn find(
        &self,
        tx: &mut Transaction,
        id: CustomerId,
    ) -> Result<Option<customers::Customer>, database::Error> {
        Ok(view::of(id, &self.load(tx, id).await?))
    }

    /// Makes somebody a customer, under an id that nobody has.
    ///
    /// # Errors
    /// If somebody else has the id, or the store fails.
    pub async fn register(
        &self,
        tx: &mut Transaction,
        id: CustomerId,
        registration: &Registration,
    ) -> Result<customers::Customer, Error> {
        let Registration { name, email, address, credit_limit } = registration.clone();
        let at = Timestamp::from_micros(tx.now());
        self.carry_out(tx, id, &Command::Register { name, email, address, credit_limit, at }).await
    }

    /// Lets a customer owe another amount. Whoever asks may have `seen` a version, and means no other.
    ///
    /// # Errors
    /// If the customer is unknown or elsewhere by now, the rules refuse the amount, or the store fails.
    pub async fn change_credit_limit(
        &self,
        tx: &mut Transaction,
        id: CustomerId,
        seen: Option<u64>,
        credit_limit: Money,
    ) -> Result<customers::Customer, Error> {
        if let Some(seen) = seen {
            let current = self.load(tx, id).await?;
            if current.exists() && current.version != seen {
                return Err(Error::Stale { current: current.version });
            }
        }
        self.carry_out(tx, id, &Command::ChangeCreditLimit { credit_limit }).await
    }

    /// Does what an order asks of its customer's credit. A command repeated changes nothing and is answered
    /// again.
    ///
    /// # Errors
    /// If the store fails: that credit is refused is an answer.
    pub async fn handle(&self, tx: &mut Transaction, command: &customers::Command) -> Result<Reply, Error> {
        let (id, order_id, command) = asked(command);
        match execute(&self.customers, tx, &id, &Some(order_id), &command, command.name()).await {
            Ok(customer) => Ok(done(order_id, &command, &customer.state)),
            Err(Failure::Refused(refusal)) => refused(refusal),
            Err(Failure::Store(error)) => Err(error.into()),
        }
    }

    async fn load(
        &self,
        tx: &mut Transaction,
        id: CustomerId,
    ) -> Result<Versioned<Customer>, database::Error> {
        let loaded = self.customers.load(tx, &[id], &None).await?;
        Ok(loaded.into_iter().next().unwrap_or_default())
    }

    /// Carries out a command that is about no order.
    async fn carry_out(
        &self,
        tx: &mut Transaction,
        id: CustomerId,
        command: &Command,
    ) -> Result<customers::Customer, Error> {
        let customer = execute(&self.customers, tx, &id, &None, command, command.name()).await?;
        view::of(id, &customer).ok_or(Error::Refused(Refusal::UnknownCustomer))
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

/// Whom an order's command is for, which order it is, and what it asks.
fn asked(command: &customers::Command) -> (CustomerId, OrderId, Command) {
    match *command {
        customers::Command::ReserveCredit { customer_id, order_id, amount } => {
            (customer_id, order_id, Command::ReserveCredit { order_id, amount })
        }
        customers::Command::ReleaseCredit { customer_id, order_id } => {
            (customer_id, order_id, Command::ReleaseCredit { order_id })
        }
        customers::Command::SettleCredit { customer_id, order_id } => {
            (customer_id, order_id, Command::SettleCredit { order_id })
        }
    }
}

/// The answer to a command that was carried out.
fn done(order_id: OrderId, command: &Command, customer: &Customer) -> Reply {
    match (command, &customer.account) {
        (Command::ReleaseCredit { .. }, _) => Reply::CreditReleased,
        (Command::SettleCredit { .. }, _) => Reply::CreditSettled,
        (_, Some(account)) => match customer.reservations.get(&order_id) {
            Some(Reservation::Refused(reason)) => Reply::CreditRefused { reason: *reason },
            _ => Reply::CreditReserved { contact: view::contact(account) },
        },
        (_, None) => Reply::CreditRefused { reason: CreditRefusal::UnknownCustomer },
    }
}

/// The answer to a command that was refused.
fn refused(refusal: Refusal) -> Result<Reply, Error> {
    let reason = match refusal {
        Refusal::UnknownCustomer => CreditRefusal::UnknownCustomer,
        Refusal::Released => CreditRefusal::Released,
        // What only a registration or a change of the limit is refused for.
        Refusal::AlreadyExists | Refusal::CurrencyMismatch | Refusal::LimitBelowReserved => {
            return Err(refusal.into());
        }
    };
    Ok(Reply::CreditRefused { reason })
}
