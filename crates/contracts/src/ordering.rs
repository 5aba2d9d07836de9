//! The language of the ordering service: what was ordered, and how far it has come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Address, CustomerId, Money, Name, OrderId, Quantity, Reference, Sku, Timestamp, billing::Invoice,
    shipping::Shipment,
};

/// Where an order stands.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// It is being put together.
    #[default]
    Open,
    /// It was placed; its credit is being asked for.
    Pending,
    /// Its credit is set aside; its stock is being asked for.
    CreditConfirmed,
    /// Credit and stock are set aside; the carrier is being asked.
    Approved,
    /// The carrier has it; what is left is to take the stock out, to be paid, and to settle the credit.
    Shipped,
    /// Everything is done.
    Completed,
    /// It was refused; nothing is set aside for it.
    Rejected,
    /// It is to be cancelled; what was done for it is being undone.
    CancelPending,
    /// It was cancelled; nothing is set aside for it.
    Cancelled,
}

impl OrderStatus {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Pending => "PENDING",
            Self::CreditConfirmed => "CREDIT_CONFIRMED",
            Self::Approved => "APPROVED",
            Self::Shipped => "SHIPPED",
            Self::Completed => "COMPLETED",
            Self::Rejected => "REJECTED",
            Self::CancelPending => "CANCEL_PENDING",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing can ever happen to the order again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Rejected | Self::Cancelled)
    }
}

/// Why an order was refused, or cancelled by others than its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The customer does not exist.
    UnknownCustomer,
    /// The order costs more than the customer's credit allows.
    InsufficientCredit,
    /// The order and the customer's credit are in different currencies.
    CurrencyMismatch,
    /// A product is not there in the number ordered.
    OutOfStock,
    /// No carrier takes it.
    CarrierRefused,
}

/// What an order under way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WaitingFor {
    /// For credit to be set aside.
    Credit,
    /// For stock to be set aside.
    Stock,
    /// For the carrier's answer.
    Carrier,
    /// For what was done to be undone.
    Undo,
    /// For the customer's money.
    Payment,
    /// For the stock to be taken out and the credit to be settled.
    Settlement,
}

/// How a client's wish to cancel went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cancel {
    /// It was accepted and is not decided yet.
    Requested,
    /// The order is cancelled.
    Done,
    /// It was accepted, and the goods had left already.
    TooLate,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Somebody began to put it together.
    Created {
        /// Who orders.
        customer_id: CustomerId,
        /// What the client calls it.
        reference: Option<Reference>,
        /// When.
        at: Timestamp,
    },
    /// A product was added that it did not have.
    LineAdded {
        /// The product.
        sku: Sku,
        /// Its name at that time.
        name: Name,
        /// Its price at that time.
        unit_price: Money,
        /// How many.
        quantity: Quantity,
    },
    /// Another quantity of a product that it has.
    LineChanged {
        /// The product.
        sku: Sku,
        /// How many now.
        quantity: Quantity,
    },
    /// A product was taken off.
    LineRemoved {
        /// The product.
        sku: Sku,
    },
    /// It is to be shipped and billed: PENDING.
    Placed {
        /// What it costs.
        total: Money,
        /// When.
        at: Timestamp,
    },
    /// The customer's credit is set aside: CREDIT_CONFIRMED.
    CreditConfirmed {
        /// Where the goods go, if that is known with the credit.
        ship_to: Option<Address>,
        /// When.
        at: Timestamp,
    },
    /// The stock is set aside too: APPROVED.
    Approved {
        /// When.
        at: Timestamp,
    },
    /// It is to be cancelled: CANCEL_PENDING.
    CancelStarted {
        /// Why, if not by the client's wish.
        reason: Option<Reason>,
        /// When.
        at: Timestamp,
    },
    /// A client wants it cancelled that is being cancelled already for another reason.
    CancelWished,
    /// The carrier has it: SHIPPED.
    Shipped {
        /// When.
        at: Timestamp,
    },
    /// Its stock has left the house.
    StockTakenOut,
    /// Its invoice was paid.
    InvoicePaid,
    /// Its payment was refused: an outcome, for now.
    InvoiceUnpaid {
        /// When.
        at: Timestamp,
    },
    /// Its credit is free again.
    CreditSettled,
    /// Everything is done: COMPLETED.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// It was refused, and what had been set aside for it is free again: REJECTED.
    Rejected {
        /// Why.
        reason: Reason,
        /// When.
        at: Timestamp,
    },
    /// It was cancelled, and what had been set aside for it is free again: CANCELLED.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

/// One line of an order, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// The product.
    pub sku: Sku,
    /// Its name when it was first added.
    pub name: Name,
    /// How many.
    pub quantity: Quantity,
    /// Its price when it was first added.
    pub unit_price: Money,
}

/// An order, as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// The order's id.
    pub id: OrderId,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// What the client calls it.
    pub reference: Option<Reference>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was refused, or cancelled by others than its client.
    pub reason: Option<Reason>,
    /// What it waits for; null in OPEN and at an outcome.
    pub waiting_for: Option<WaitingFor>,
    /// How the client's wish to cancel went; null if there was none.
    pub cancel: Option<Cancel>,
    /// What it is made of.
    pub items: Vec<Item>,
    /// What it costs; null while it has no items.
    pub total: Option<Money>,
    /// Where the goods go, once that is known.
    pub ship_to: Option<Address>,
    /// Its shipment, if asked for and there is one.
    pub shipment: Option<Shipment>,
    /// Its invoice, if asked for and there is one.
    pub invoice: Option<Invoice>,
    /// What could not be told, since its owner did not answer.
    pub warnings: Vec<Warning>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// How many events made this state; the `ETag`.
    pub version: u64,
}

/// Something that an answer leaves out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Stable and upper-case, for programs.
    #[schema(example = "SHIPMENT_UNAVAILABLE")]
    pub code: String,
    /// A sentence for a person.
    pub detail: String,
}

/// One status that an order had, as the stream of its statuses tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusChange {
    /// The order.
    pub order_id: OrderId,
    /// The status that it came to.
    pub status: OrderStatus,
    /// Why, where there is a reason.
    pub reason: Option<Reason>,
    /// How the client's wish to cancel stood.
    pub cancel: Option<Cancel>,
    /// When.
    pub at: Timestamp,
}

/// `POST /v1/orders`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CreateOrder {
    /// Who orders.
    #[schema(example = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10")]
    pub customer_id: String,
    /// What to begin with; at most 100 lines.
    #[serde(default)]
    pub items: Vec<AddItem>,
    /// What the client calls it.
    #[serde(default)]
    pub reference: Option<String>,
    /// Whether to place it at once.
    #[serde(default)]
    pub place: bool,
}

/// One line to add, as it arrives; the body of `POST /v1/orders/{id}/items`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AddItem {
    /// The product.
    #[schema(example = "TEA-100")]
    pub sku: String,
    /// How many more of it.
    #[schema(example = 2)]
    pub quantity: i64,
}

/// `PUT /v1/orders/{id}/items/{sku}`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeItem {
    /// How many of it.
    #[schema(example = 3)]
    pub quantity: i64,
}
