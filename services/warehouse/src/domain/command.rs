//! What can be asked of a product.

use contracts::{Count, Money, Name, OrderId, Quantity, Timestamp};

/// What can be asked of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Keep it from now on.
    Add {
        /// What it is called.
        name: Name,
        /// What one piece costs.
        unit_price: Money,
        /// How many there are to begin with.
        on_hand: Count,
    },
    /// Call it something else.
    Rename {
        /// The name.
        name: Name,
    },
    /// Let it cost something else, in any currency; orders keep the price that a line was added with.
    Reprice {
        /// What one piece costs.
        unit_price: Money,
    },
    /// Record that it should have cost something else from an instant on; orders keep the price that a line was added
    /// with.
    CorrectPrice {
        /// What one piece should have cost.
        unit_price: Money,
        /// From when on.
        effective_from: Timestamp,
        /// Whether its price was not changed since then, so that it costs this from now on.
        in_force: bool,
    },
    /// Take more of it in.
    Restock {
        /// How many.
        quantity: Quantity,
    },
    /// Set some of it aside for an order.
    ReserveStock {
        /// The order.
        order_id: OrderId,
        /// How many.
        quantity: Quantity,
    },
    /// Free the stock of an order that came to nothing, and set none aside for it later.
    ReleaseStock {
        /// The order.
        order_id: OrderId,
    },
    /// Let go what was set aside for an order: the carrier has it.
    TakeStockOut {
        /// The order.
        order_id: OrderId,
    },
}

impl Command {
    /// What it is called where commands are listed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Rename { .. } => "rename",
            Self::Reprice { .. } => "reprice",
            Self::CorrectPrice { .. } => "correct_price",
            Self::Restock { .. } => "restock",
            Self::ReserveStock { .. } => "reserve_stock",
            Self::ReleaseStock { .. } => "release_stock",
            Self::TakeStockOut { .. } => "take_stock_out",
        }
    }
}
