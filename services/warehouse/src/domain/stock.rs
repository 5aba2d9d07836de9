//! How many pieces there are, and how many of them are spoken for.

use contracts::{Count, Quantity};
use serde::{Deserialize, Serialize};

/// The pieces of one product.
///
/// **Invariant:** reserved is at most on hand, and on hand is what was received without what was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// How many ever came in.
    pub received: Count,
    /// How many are in the house.
    pub on_hand: Count,
    /// How many of those are set aside for orders.
    pub reserved: Count,
}

impl Stock {
    /// So many came in, and nothing was done with them yet.
    #[must_use]
    pub fn of(on_hand: Count) -> Self {
        Self { received: on_hand, on_hand, reserved: Count::default() }
    }

    /// How many can still be set aside.
    #[must_use]
    pub fn available(&self) -> Count {
        // What is reserved is on hand.
        Count::new(self.on_hand.get() - self.reserved.get()).unwrap_or_default()
    }

    // No count can go out of its range after what was decided. If the past says otherwise, the past is not undone here.

    pub(super) fn came_in(&mut self, quantity: Quantity) {
        self.received = self.received.plus(quantity).unwrap_or(self.received);
        self.on_hand = self.on_hand.plus(quantity).unwrap_or(self.on_hand);
    }

    pub(super) fn set_aside(&mut self, quantity: Quantity) {
        self.reserved = self.reserved.plus(quantity).unwrap_or(self.reserved);
    }

    pub(super) fn freed(&mut self, quantity: Quantity) {
        self.reserved = self.reserved.minus(quantity).unwrap_or(self.reserved);
    }

    pub(super) fn left(&mut self, quantity: Quantity) {
        self.freed(quantity);
        self.on_hand = self.on_hand.minus(quantity).unwrap_or(self.on_hand);
    }
}
