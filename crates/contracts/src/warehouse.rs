//! The language of the warehouse service: what there is, what it costs, and how much of it is spoken for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Count, Line, Money, Name, OrderId, Quantity, Route, Sku, Timestamp,
    raw::RawMoney,
    route::{self, route},
};

/// What an order asks of the stock. The reply to each is a [`Reply`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Set stock aside for all lines of an order, or for none.
    ReserveStock {
        /// For which order.
        order_id: OrderId,
        /// What it is made of; each sku once.
        lines: Vec<Line>,
    },
    /// Free what was set aside, and refuse a reservation that comes later. Succeeds whether there is one or not.
    ReleaseStock {
        /// For which order.
        order_id: OrderId,
        /// What it is made of.
        lines: Vec<Line>,
    },
    /// The goods have left: what was set aside is no longer on hand.
    TakeStockOut {
        /// For which order.
        order_id: OrderId,
        /// What it is made of.
        lines: Vec<Line>,
    },
}

impl route::Command for Command {
    const ROUTES: &'static [Route] = &[RESERVE, RELEASE, TAKE_OUT];

    fn order_id(&self) -> OrderId {
        match self {
            Self::ReserveStock { order_id, .. }
            | Self::ReleaseStock { order_id, .. }
            | Self::TakeStockOut { order_id, .. } => *order_id,
        }
    }

    fn route(&self) -> Route {
        match self {
            Self::ReserveStock { .. } => RESERVE,
            Self::ReleaseStock { .. } => RELEASE,
            Self::TakeStockOut { .. } => TAKE_OUT,
        }
    }
}

const RESERVE: Route = route!(PUT "/internal/reservations/{order_id}");
const RELEASE: Route = route!(DELETE "/internal/reservations/{order_id}");
const TAKE_OUT: Route = route!(POST "/internal/reservations/{order_id}/departure");

/// What the warehouse service answers to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Stock is set aside for every line.
    StockReserved,
    /// Stock is set aside for no line, and will not be.
    StockRefused {
        /// Why not.
        reason: StockRefusal,
    },
    /// Nothing is set aside for the order any more, and nothing will be.
    StockReleased,
    /// What was set aside has left.
    StockTakenOut,
}

/// Why stock was not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StockRefusal {
    /// At least one line asks for more than is there, or for a product that is not kept.
    OutOfStock,
    /// The order's reservation was released before it was made: an undo overtook it.
    Released,
}

/// What happened to a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It is kept from now on.
    Added {
        /// What it is called.
        name: Name,
        /// What one piece costs.
        unit_price: Money,
        /// How many there are to begin with.
        on_hand: Count,
    },
    /// It is called something else from now on.
    Renamed {
        /// The new name.
        name: Name,
    },
    /// It costs something else from now on.
    Repriced {
        /// The new price of one piece.
        unit_price: Money,
    },
    /// It should have cost something else from an instant in the past on, until its price was changed after that.
    PriceCorrected {
        /// What it should have cost.
        unit_price: Money,
        /// From when on.
        effective_from: Timestamp,
        /// Whether its price was not changed since, so that it costs this from now on.
        in_force: bool,
    },
    /// More of it came in.
    Restocked {
        /// How many.
        quantity: Quantity,
    },
    /// Some of it was set aside for an order.
    StockReserved {
        /// The order.
        order_id: OrderId,
        /// How many.
        quantity: Quantity,
    },
    /// There was less of it than an order asks for; none is set aside for that order any more.
    StockRefused {
        /// The order.
        order_id: OrderId,
        /// How many were asked for.
        quantity: Quantity,
    },
    /// What was set aside for an order was freed.
    StockReleased {
        /// The order.
        order_id: OrderId,
        /// How many.
        quantity: Quantity,
    },
    /// A release found nothing to free; from now on the order's reservation is refused.
    StockBarred {
        /// The order.
        order_id: OrderId,
    },
    /// What was set aside for an order has left.
    StockTakenOut {
        /// The order.
        order_id: OrderId,
        /// How many.
        quantity: Quantity,
    },
}

/// A product, as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Its stock-keeping unit.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What one piece costs.
    pub unit_price: Money,
    /// How many ever came in.
    pub received: Count,
    /// How many are in the house.
    pub on_hand: Count,
    /// How many of those are set aside for orders.
    pub reserved: Count,
    /// How many can still be ordered.
    pub available: Count,
    /// How many events made this state; the `ETag`.
    pub version: u64,
}

/// `POST /v1/products`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AddProduct {
    /// 1 to 64 letters, digits, dots, dashes and underscores.
    #[schema(example = "TEA-100")]
    pub sku: String,
    /// 1 to 200 characters.
    #[schema(example = "Green tea, 100 g")]
    pub name: String,
    /// What one piece costs.
    pub unit_price: RawMoney,
    /// How many there are to begin with.
    #[schema(example = 100)]
    pub on_hand: i64,
}

/// `PATCH /v1/products/{sku}`, as it arrives; at least one of the two.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeProduct {
    /// The new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The new price of one piece.
    #[serde(default)]
    pub unit_price: Option<RawMoney>,
}

/// `POST /v1/products/{sku}/restock`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Restock {
    /// How many came in.
    #[schema(example = 50)]
    pub quantity: i64,
}

/// `POST /v1/products/{sku}/corrections`, as it arrives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CorrectPrice {
    /// What one piece should have cost.
    pub unit_price: RawMoney,
    /// From when on (RFC 3339), until its price was changed after that; not in the future.
    #[schema(example = "2026-01-31T12:00:00Z")]
    pub effective_from: String,
    /// Whether only to tell what it would mean.
    pub dry_run: bool,
}

/// What a correction of a price means. Orders and invoices stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// The product.
    pub sku: Sku,
    /// What one piece should have cost.
    pub unit_price: Money,
    /// From when on.
    pub effective_from: Timestamp,
    /// Until when: its price was changed then; null if it was not, and it costs this from now on.
    pub effective_until: Option<Timestamp>,
    /// What one piece cost at first in that time, as far as it is known.
    pub known_price: Money,
    /// What was added in that time to orders that were neither refused nor cancelled, and would have cost something else, by
    /// order.
    pub lines: Vec<CorrectedLine>,
    /// The version of the product that recorded it; null in a dry run.
    pub version: Option<u64>,
}

/// A line of an order that would have cost something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CorrectedLine {
    /// The order.
    pub order_id: OrderId,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece costs in this order.
    pub unit_price: Money,
    /// What the line costs.
    pub cost: Money,
    /// What it would have cost.
    pub would_have_cost: Money,
}

/// What one piece costs and what it is called, as ordering asks when a line is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The product.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What one piece costs.
    pub unit_price: Money,
}

/// What ordering asks when a line is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// The product.
    pub sku: Sku,
}
