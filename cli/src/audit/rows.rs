//! What services own, row by row.
//!
//! The rows take numbers that the values of `contracts` would refuse: what is wrong with a system has to be read to be told.

use contracts::{billing::InvoiceStatus, ordering::OrderStatus, raw::RawMoney, shipping::ShipmentStatus};
use serde::Deserialize;
use uuid::Uuid;

/// A customer.
#[derive(Clone, Debug, Deserialize)]
pub struct CustomerRow {
    /// The customer's id.
    pub id: Uuid,
    /// How much they may owe.
    pub credit_limit: RawMoney,
    /// How much of it is set aside.
    pub credit_reserved: RawMoney,
    /// What is set aside for each order, where the service tells.
    #[serde(default)]
    pub held: Option<Vec<Held>>,
}

/// Credit that is set aside for an order.
#[derive(Clone, Debug, Deserialize)]
pub struct Held {
    /// The order.
    pub order_id: Uuid,
    /// How much.
    pub amount: RawMoney,
}

/// A product.
#[derive(Clone, Debug, Deserialize)]
pub struct ProductRow {
    /// Its stock-keeping unit.
    pub sku: String,
    /// How many ever came in.
    pub received: i64,
    /// How many are in the house.
    pub on_hand: i64,
    /// How many of those are set aside.
    pub reserved: i64,
    /// What is set aside for each order, where the service tells.
    #[serde(default)]
    pub held: Option<Vec<HeldPieces>>,
}

/// Pieces that are set aside for an order.
#[derive(Clone, Debug, Deserialize)]
pub struct HeldPieces {
    /// The order.
    pub order_id: Uuid,
    /// How many.
    pub quantity: i64,
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderRow {
    /// The order's id.
    pub id: Uuid,
    /// Who ordered.
    pub customer_id: Uuid,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it is made of.
    pub items: Vec<ItemRow>,
    /// What it costs.
    pub total: Option<RawMoney>,
    /// When it was placed.
    pub placed_at: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct ItemRow {
    /// The product.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// A shipment.
#[derive(Clone, Debug, Deserialize)]
pub struct ShipmentRow {
    /// The order that it belongs to.
    pub order_id: Uuid,
    /// Where it stands.
    pub status: ShipmentStatus,
}

/// An invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceRow {
    /// The order that it is for.
    pub order_id: Uuid,
    /// How much.
    pub amount: RawMoney,
    /// Where it stands.
    pub status: InvoiceStatus,
}

impl OrderRow {
    /// Whether the carrier has it.
    #[must_use]
    pub const fn has_left(&self) -> bool {
        matches!(self.status, OrderStatus::Shipped | OrderStatus::Completed)
    }
}
