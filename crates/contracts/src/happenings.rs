//! What the services react to where nobody is in charge.
//!
//! The name of each is the type of the event that tells of it: what stands before the dot is whose it is. Those of orders
//! are the [events of an order](crate::ordering::Event); the others are what a participant would
//! have answered had it been asked, and what it reports to everybody instead.

use crate::topics;

/// Something that happens to an order or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Happening {
    /// The type of the event that tells of it.
    pub kind: &'static str,
    /// Where it is told of.
    pub topic: &'static str,
}

const fn of(kind: &'static str, topic: &'static str) -> Happening {
    Happening { kind, topic }
}

/// An order is to be shipped and billed.
pub const ORDER_PLACED: Happening = of("order.placed", topics::ORDERING_EVENTS);
/// An order is to be cancelled.
pub const ORDER_CANCEL_STARTED: Happening = of("order.cancel_started", topics::ORDERING_EVENTS);

/// The customer's credit is set aside.
pub const CREDIT_RESERVED: Happening = of("customers.credit_reserved", topics::CUSTOMERS_REPORTS);
/// The customer's credit is not set aside.
pub const CREDIT_REFUSED: Happening = of("customers.credit_refused", topics::CUSTOMERS_REPORTS);
/// The customer's credit is free again: the order came to nothing.
pub const CREDIT_RELEASED: Happening = of("customers.credit_released", topics::CUSTOMERS_REPORTS);
/// The customer's credit is free again: the order was paid.
pub const CREDIT_SETTLED: Happening = of("customers.credit_settled", topics::CUSTOMERS_REPORTS);

/// The stock is set aside.
pub const STOCK_RESERVED: Happening = of("warehouse.stock_reserved", topics::WAREHOUSE_REPORTS);
/// The stock is not set aside.
pub const STOCK_REFUSED: Happening = of("warehouse.stock_refused", topics::WAREHOUSE_REPORTS);
/// The stock is free again.
pub const STOCK_RELEASED: Happening = of("warehouse.stock_released", topics::WAREHOUSE_REPORTS);
/// The stock has left the house.
pub const STOCK_TAKEN_OUT: Happening = of("warehouse.stock_taken_out", topics::WAREHOUSE_REPORTS);

/// The carrier has the goods.
pub const DISPATCHED: Happening = of("shipping.dispatched", topics::SHIPPING_REPORTS);
/// The carrier refused for good.
pub const CARRIER_REFUSED: Happening = of("shipping.carrier_refused", topics::SHIPPING_REPORTS);
/// Nothing was shipped, and nothing will be.
pub const CALLED_OFF: Happening = of("shipping.called_off", topics::SHIPPING_REPORTS);

/// The money is there.
pub const INVOICE_PAID: Happening = of("billing.invoice_paid", topics::BILLING_REPORTS);
/// The money was refused.
pub const INVOICE_UNPAID: Happening = of("billing.invoice_unpaid", topics::BILLING_REPORTS);
