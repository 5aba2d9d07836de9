//! What participants are asked, made of the order and of what the saga remembers.

use contracts::{
    Contact, Line, OrderId, Route,
    billing::{self, BillTo},
    customers,
    route::Command as _,
    shipping, warehouse,
};
use journal::Cause;
use saga::{Direction, Move};
use serde::{Deserialize, Serialize};

use super::Step;
use crate::domain::Order;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Participant {
    /// The customers service.
    Customers,
    /// The warehouse service.
    Warehouse,
    /// The shipping service.
    Shipping,
    /// The billing service.
    Billing,
}

impl Participant {
    /// The service's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Warehouse => "warehouse",
            Self::Shipping => "shipping",
            Self::Billing => "billing",
        }
    }
}

/// What a participant is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "participant", content = "command", rename_all = "snake_case")]
pub enum Request {
    /// Of the customers service.
    Customers(customers::Command),
    /// Of the warehouse service.
    Warehouse(warehouse::Command),
    /// Of the shipping service.
    Shipping(shipping::Command),
    /// Of the billing service.
    Billing(billing::Command),
}

/// The command in a [`Request`], written as the participant reads it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Command<'a> {
    /// To the customers service.
    Customers(&'a customers::Command),
    /// To the warehouse service.
    Warehouse(&'a warehouse::Command),
    /// To the shipping service.
    Shipping(&'a shipping::Command),
    /// To the billing service.
    Billing(&'a billing::Command),
}

/// A request on its way: what is kept with the task that delivers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// The move that it is for: the name of the task that goes with it.
    pub name: String,
    /// What is asked.
    pub request: Request,
    /// What it is to those who do it: the decision to ask, in the trace of the request that began it all.
    pub cause: Cause,
}

/// What a participant answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "participant", content = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// From the customers service.
    Customers(customers::Reply),
    /// From the warehouse service.
    Warehouse(warehouse::Reply),
    /// From the shipping service.
    Shipping(shipping::Reply),
    /// From the billing service.
    Billing(billing::Reply),
}

impl Request {
    /// Who is asked.
    #[must_use]
    pub const fn participant(&self) -> Participant {
        match self {
            Self::Customers(_) => Participant::Customers,
            Self::Warehouse(_) => Participant::Warehouse,
            Self::Shipping(_) => Participant::Shipping,
            Self::Billing(_) => Participant::Billing,
        }
    }

    /// The command in it, as the participant reads it.
    #[must_use]
    pub const fn command(&self) -> Command<'_> {
        match self {
            Self::Customers(command) => Command::Customers(command),
            Self::Warehouse(command) => Command::Warehouse(command),
            Self::Shipping(command) => Command::Shipping(command),
            Self::Billing(command) => Command::Billing(command),
        }
    }

    /// The request that the command is, where it is given by one.
    #[must_use]
    pub fn route(&self) -> Route {
        match self {
            Self::Customers(command) => command.route(),
            Self::Warehouse(command) => command.route(),
            Self::Shipping(command) => command.route(),
            Self::Billing(command) => command.route(),
        }
    }
}

impl Addressed {
    /// What was written with a task; `None` if another release wrote it, and this one cannot read it.
    #[must_use]
    pub fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

impl Reply {
    /// What a participant has answered, out of its JSON.
    ///
    /// # Errors
    /// If that is none of its replies.
    pub fn read(from: Participant, json: &[u8]) -> Result<Self, serde_json::Error> {
        match from {
            Participant::Customers => serde_json::from_slice(json).map(Self::Customers),
            Participant::Warehouse => serde_json::from_slice(json).map(Self::Warehouse),
            Participant::Shipping => serde_json::from_slice(json).map(Self::Shipping),
            Participant::Billing => serde_json::from_slice(json).map(Self::Billing),
        }
    }
}

/// What to ask for a move of an order's saga; `None` if the saga does not know yet what the request needs, which
/// cannot be once the steps before it are done.
#[must_use]
pub fn request(id: OrderId, order: &Order, contact: Option<&Contact>, this: Move<Step>) -> Option<Request> {
    let customer_id = order.customer_id?;
    let lines =
        || order.lines.iter().map(|item| Line { sku: item.sku.clone(), quantity: item.quantity }).collect();
    Some(match (this.step, this.direction) {
        (Step::ReserveCredit, Direction::Action) => {
            let amount = order.total()?;
            Request::Customers(customers::Command::ReserveCredit { customer_id, order_id: id, amount })
        }
        (Step::ReserveCredit, Direction::Undo) => {
            Request::Customers(customers::Command::ReleaseCredit { customer_id, order_id: id })
        }
        (Step::ReserveStock, Direction::Action) => {
            Request::Warehouse(warehouse::Command::ReserveStock { order_id: id, lines: lines() })
        }
        (Step::ReserveStock, Direction::Undo) => {
            Request::Warehouse(warehouse::Command::ReleaseStock { order_id: id, lines: lines() })
        }
        (Step::Ship, Direction::Action) => Request::Shipping(shipping::Command::RequestShipment {
            order_id: id,
            reference: order.reference.clone(),
            address: contact?.address.clone(),
            lines: lines(),
        }),
        (Step::Ship, Direction::Undo) => Request::Shipping(shipping::Command::CallOff { order_id: id }),
        (Step::TakeStockOut, _) => {
            Request::Warehouse(warehouse::Command::TakeStockOut { order_id: id, lines: lines() })
        }
        (Step::Bill, _) => {
            let contact = contact?;
            Request::Billing(billing::Command::IssueInvoice {
                order_id: id,
                customer_id,
                reference: order.reference.clone(),
                amount: order.total()?,
                bill_to: BillTo { name: contact.name.clone(), email: contact.email.clone() },
            })
        }
        (Step::SettleCredit, _) => {
            Request::Customers(customers::Command::SettleCredit { customer_id, order_id: id })
        }
    })
}
