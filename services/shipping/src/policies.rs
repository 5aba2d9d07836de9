//! What shipping does on what happens elsewhere, where nobody is in charge.

use choreography::{Facts, Needs, Policy, on};
use contracts::{
    Line, OrderId,
    happenings::{ORDER_CANCEL_STARTED, STOCK_RESERVED},
    shipping::Command,
};
use messaging::HandlerError;

/// On this, that.
pub const POLICIES: &[Policy<Reaction>] = &[
    on(STOCK_RESERVED, Reaction::RequestShipment),
    // The first link of the chain of undoing: shipping alone decides between a cancel and the carrier.
    on(ORDER_CANCEL_STARTED, Reaction::CallOff),
];

/// What shipping may do for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Have its goods carried to the customer.
    RequestShipment,
    /// Do not ship, if that is still possible.
    CallOff,
}

impl Reaction {
    /// What has to be known for it.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::RequestShipment => Needs::OrderAndCustomer,
            Self::CallOff => Needs::Nothing,
        }
    }

    /// What is asked of shipping.
    ///
    /// # Errors
    /// Something that it needs is not known yet.
    pub fn command(self, order_id: OrderId, facts: &Facts) -> Result<Option<Command>, HandlerError> {
        Ok(Some(match self {
            Self::CallOff => Command::CallOff { order_id },
            Self::RequestShipment => {
                let (order, address) = (facts.order()?, facts.contact()?.address);
                let line = |item: &contracts::ordering::Item| Line {
                    sku: item.sku.clone(),
                    quantity: item.quantity,
                };
                let (reference, lines) = (order.reference.clone(), order.items.iter().map(line).collect());
                Command::RequestShipment { order_id, reference, address, lines }
            }
        }))
    }
}
