//! What the warehouse does on what happens elsewhere, where nobody is in charge.

use choreography::{Needs, Policy, on};
use contracts::{
    Line,
    happenings::{CALLED_OFF, CREDIT_RESERVED, DISPATCHED},
    ordering::Order,
    warehouse::Command,
};

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[
    on(CREDIT_RESERVED, Reaction::ReserveStock),
    on(DISPATCHED, Reaction::TakeStockOut),
    // The second link of the chain of undoing.
    on(CALLED_OFF, Reaction::ReleaseStock),
];

/// What the warehouse may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Set its stock aside.
    ReserveStock,
    /// Free its stock.
    ReleaseStock,
    /// Let its stock leave the house.
    TakeStockOut,
}

impl Reaction {
    /// What has to be known for it.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::ReserveStock | Self::ReleaseStock | Self::TakeStockOut => Needs::Order,
        }
    }

    /// What is asked of the stock.
    #[must_use]
    pub fn command(self, order: &Order) -> Option<Command> {
        let line = |item: &contracts::ordering::Item| Line { sku: item.sku.clone(), quantity: item.quantity };
        let (order_id, lines) = (order.id, order.items.iter().map(line).collect());
        Some(match self {
            Self::ReserveStock => Command::ReserveStock { order_id, lines },
            Self::ReleaseStock => Command::ReleaseStock { order_id, lines },
            Self::TakeStockOut => Command::TakeStockOut { order_id, lines },
        })
    }
}
