//! Who may order, and on how much credit: rules only, with no IO, clock or id generator.
//!
//! Credit is set aside for an order, once. It is freed when the order comes to nothing (released) or is paid
//! (settled): credit revolves. Either way the reservation stays as a tombstone. A release leaves one even where
//! it finds nothing, since an undo may overtake what it undoes; a reservation that comes after it is refused.
//! A refusal stays as well: an order that asks again is answered as before, though there may be credit by then. Otherwise it
//! might hold credit after it has come to nothing because of the first answer.
//!
//! **Invariant:** what is reserved is the sum of the reservations that are held, and is never above the limit.

mod command;
mod refusal;

mod account;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aggregate::Aggregate;
use contracts::{
    CustomerId, Money, OrderId,
    customers::{CreditRefusal, Event},
};
use serde::{Deserialize, Serialize};

pub use account::Account;
pub use command::Command;
pub use refusal::Refusal;

/// A customer, with what is set aside for their orders.
///
/// The fields are public so that a store can keep them in columns and put them together again; only
/// [`evolve`](Aggregate::evolve) changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Who they are and what they may owe; `None` if there is no such customer.
    pub account: Option<Account>,
    /// What became of the credit of each order. A store may leave out those that a command is not about, so no rule
    /// sums them up.
    pub reservations: BTreeMap<OrderId, Reservation>,
}

/// What became of the credit of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    /// It is set aside.
    Held(Money),
    /// It was not set aside, and will not be.
    Refused(CreditRefusal),
    /// It is free, and is not set aside again: the order came to nothing.
    Released,
    /// It is free, and is not set aside again: the order was paid.
    Settled,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    type Id = CustomerId;
    /// The order whose reservation a command is about.
    type Scope = Option<OrderId>;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match (&self.account, command) {
            (None, Command::Register { name, email, address, credit_limit, at }) => {
                let (name, email, address) = (name.clone(), email.clone(), address.clone());
                Ok(vec![Event::Registered { name, email, address, credit_limit: *credit_limit, at: *at }])
            }
            (Some(account), Command::Register { name, email, address, .. }) => {
                let same = (name, email, address) == (&account.name, &account.email, &account.address);
                if same { Ok(vec![]) } else { Err(Refusal::AlreadyExists) }
            }

            (Some(account), Command::ChangeCreditLimit { credit_limit }) => {
                account.change_limit(*credit_limit)
            }
            (Some(account), Command::ReserveCredit { order_id, amount }) => {
                self.reserve(account, *order_id, *amount)
            }
            (None, Command::ChangeCreditLimit { .. } | Command::ReserveCredit { .. }) => {
                Err(Refusal::UnknownCustomer)
            }

            (Some(_), Command::ReleaseCredit { order_id }) => Ok(self.release(*order_id)),
            (Some(_), Command::SettleCredit { order_id }) => Ok(self.settle(*order_id)),
            // Nothing was set aside, and nothing can be: there is nothing to free, and nothing to keep from happening.
            (None, Command::ReleaseCredit { .. } | Command::SettleCredit { .. }) => Ok(vec![]),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Registered { name, email, address, credit_limit, at } => {
                self.account = Some(Account {
                    name: name.clone(),
                    email: email.clone(),
                    address: address.clone(),
                    credit_limit: *credit_limit,
                    credit_reserved: Money::zero(credit_limit.currency()),
                    created_at: *at,
                });
            }
            Event::CreditLimitChanged { credit_limit } => {
                if let Some(account) = &mut self.account {
                    account.limit_changed(*credit_limit);
                }
            }
            Event::CreditReserved { order_id, amount } => {
                self.reservations.insert(*order_id, Reservation::Held(*amount));
                if let Some(account) = &mut self.account {
                    account.reserved(*amount);
                }
            }
            Event::CreditRefused { order_id, reason, .. } => {
                self.reservations.insert(*order_id, Reservation::Refused(*reason));
            }
            Event::CreditReleased { order_id, amount } => {
                self.freed(*order_id, *amount, Reservation::Released);
            }
            Event::CreditBarred { order_id } => {
                self.reservations.insert(*order_id, Reservation::Released);
            }
            Event::CreditSettled { order_id, amount } => {
                self.freed(*order_id, *amount, Reservation::Settled);
            }
        }
    }
}

impl Customer {
    /// Whether there is such a customer.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.account.is_some()
    }

    fn reserve(&self, account: &Account, order_id: OrderId, amount: Money) -> Result<Vec<Event>, Refusal> {
        match self.reservations.get(&order_id) {
            None => Ok(vec![account.reserve(order_id, amount)]),
            Some(Reservation::Held(_) | Reservation::Refused(_) | Reservation::Settled) => Ok(vec![]), // asked twice
            Some(Reservation::Released) => Err(Refusal::Released),
        }
    }

    fn release(&self, order_id: OrderId) -> Vec<Event> {
        match self.reservations.get(&order_id) {
            None => vec![Event::CreditBarred { order_id }],
            Some(Reservation::Held(amount)) => vec![Event::CreditReleased { order_id, amount: *amount }],
            Some(Reservation::Refused(_) | Reservation::Released | Reservation::Settled) => vec![],
        }
    }

    fn settle(&self, order_id: OrderId) -> Vec<Event> {
        match self.reservations.get(&order_id) {
            Some(Reservation::Held(amount)) => vec![Event::CreditSettled { order_id, amount: *amount }],
            None | Some(Reservation::Refused(_) | Reservation::Released | Reservation::Settled) => vec![],
        }
    }

    fn freed(&mut self, order_id: OrderId, amount: Money, became: Reservation) {
        self.reservations.insert(order_id, became);
        if let Some(account) = &mut self.account {
            account.freed(amount);
        }
    }
}
