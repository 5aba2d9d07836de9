//! The language of the customers service: who may order, and on how much credit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Address, Contact, CustomerId, Email, Money, Name, OrderId, Route, Timestamp,
    raw::{RawAddress, RawMoney},
    route::{self, route},
};

/// What an order asks of its customer's credit. The reply to each is a [`Reply`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Set credit aside for an order.
    ReserveCredit {
        /// Whose credit.
        customer_id: CustomerId,
        /// For which order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    },
    /// Free what was set aside, and refuse a reservation that comes later. Succeeds whether there is one or not.
    ReleaseCredit {
        /// Whose credit.
        customer_id: CustomerId,
        /// For which order.
        order_id: OrderId,
    },
    /// Free what was set aside, since the order was paid: credit revolves.
    SettleCredit {
        /// Whose credit.
        customer_id: CustomerId,
        /// For which order.
        order_id: OrderId,
    },
}

impl route::Command for Command {
    const ROUTES: &'static [Route] = &[RESERVE, RELEASE, SETTLE];

    fn order_id(&self) -> OrderId {
        match self {
            Self::ReserveCredit { order_id, .. }
            | Self::ReleaseCredit { order_id, .. }
            | Self::SettleCredit { order_id, .. } => *order_id,
        }
    }

    fn route(&self) -> Route {
        match self {
            Self::ReserveCredit { .. } => RESERVE,
            Self::ReleaseCredit { .. } => RELEASE,
            Self::SettleCredit { .. } => SETTLE,
        }
    }
}

const RESERVE: Route = route!(PUT "/internal/reservations/{order_id}");
const RELEASE: Route = route!(DELETE "/internal/reservations/{order_id}");
const SETTLE: Route = route!(POST "/internal/reservations/{order_id}/settlement");

/// What the customers service answers to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The credit is set aside.
    CreditReserved {
        /// Who the customer is to those who ship and bill.
        contact: Contact,
    },
    /// The credit is not set aside, and will not be.
    CreditRefused {
        /// Why not.
        reason: CreditRefusal,
    },
    /// Nothing is set aside for the order any more, and nothing will be.
    CreditReleased,
    /// The order's credit is free again, for good.
    CreditSettled,
}

/// Why credit was not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CreditRefusal {
    /// Nobody has this id.
    UnknownCustomer,
    /// The order costs more than is left.
    InsufficientCredit,
    /// The order and the limit are in different currencies.
    CurrencyMismatch,
    /// The order's reservation was released before it was made: an undo overtook it.
    Released,
}

/// What happened to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Somebody became a customer.
    Registered {
        /// Their name.
        name: Name,
        /// Where mail reaches them.
        email: Email,
        /// Where parcels reach them.
        address: Address,
        /// How much they may owe.
        credit_limit: Money,
        /// When.
        at: Timestamp,
    },
    /// They may owe another amount from now on.
    CreditLimitChanged {
        /// The new limit.
        credit_limit: Money,
    },
    /// Credit was set aside for an order.
    CreditReserved {
        /// The order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    },
    /// Credit was not set aside for an order, and will not be.
    CreditRefused {
        /// The order.
        order_id: OrderId,
        /// How much was asked for.
        amount: Money,
        /// Why.
        reason: CreditRefusal,
    },
    /// Credit set aside for an order was freed, since the order came to nothing.
    CreditReleased {
        /// The order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    },
    /// A release found nothing to free; from now on the order's reservation is refused.
    CreditBarred {
        /// The order.
        order_id: OrderId,
    },
    /// Credit set aside for an order was freed, since the order was paid.
    CreditSettled {
        /// The order.
        order_id: OrderId,
        /// How much.
        amount: Money,
    },
}

/// A customer, as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// The customer's id.
    pub id: CustomerId,
    /// Their name.
    pub name: Name,
    /// Where mail reaches them.
    pub email: Email,
    /// Where parcels reach them.
    pub address: Address,
    /// How much they may owe.
    pub credit_limit: Money,
    /// How much is set aside for orders under way.
    pub credit_reserved: Money,
    /// How much is left.
    pub credit_available: Money,
    /// When they became a customer.
    pub created_at: Timestamp,
    /// How many events made this state; the `ETag`.
    pub version: u64,
}

/// `POST /v1/customers`, as it arrives: parsed by the service, which lists every wrong field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RegisterCustomer {
    /// 1 to 200 characters.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// An email address.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// Where parcels go.
    pub address: RawAddress,
    /// How much they may owe.
    pub credit_limit: RawMoney,
}

/// `PATCH /v1/customers/{id}`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeCreditLimit {
    /// How much they may owe from now on.
    pub credit_limit: RawMoney,
}
