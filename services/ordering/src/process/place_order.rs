//! The saga of a placed order: its steps, which of them come after which others, and which can be undone.

use saga::{Definition, Role, StepSpec};
use serde::{Deserialize, Serialize};

/// The saga of a placed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder;

/// A step of [`PlaceOrder`]. Two steps of the order's life are not among them: to approve and to complete are
/// ordering's own, and follow from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Set the customer's credit aside; undone by releasing it.
    ReserveCredit,
    /// Set stock aside for all lines or none; undone by releasing it.
    ReserveStock,
    /// Have the carrier take the goods: the pivot. Undone by calling it off, if the carrier was not asked yet.
    Ship,
    /// Take the stock out.
    TakeStockOut,
    /// Write the invoice and collect the money. Refused for good, it waits for the customer to pay.
    Bill,
    /// Free the credit: it revolves.
    SettleCredit,
}

impl Definition for PlaceOrder {
    const NAME: &'static str = "place_order";
    const VERSION: u32 = 1;
    type Step = Step;

    fn steps() -> &'static [StepSpec<Step>] {
        use Role::{Compensatable, Pivot, Retriable};
        &[
            StepSpec { step: Step::ReserveCredit, after: &[], role: Compensatable },
            StepSpec { step: Step::ReserveStock, after: &[Step::ReserveCredit], role: Compensatable },
            StepSpec { step: Step::Ship, after: &[Step::ReserveStock], role: Pivot },
            StepSpec { step: Step::TakeStockOut, after: &[Step::Ship], role: Retriable },
            StepSpec { step: Step::Bill, after: &[Step::Ship], role: Retriable },
            StepSpec { step: Step::SettleCredit, after: &[Step::Bill], role: Retriable },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::PlaceOrder;

    #[test]
    fn the_process_of_an_order_inherits_the_tests_of_every_saga() {
        saga::testing::inherits::<PlaceOrder>();
    }
}
