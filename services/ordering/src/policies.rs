//! What ordering does on what happens elsewhere, where nobody is in charge: it tells the order.

use choreography::{Needs, Policy, on};
use contracts::happenings::{
    CARRIER_REFUSED, CREDIT_REFUSED, CREDIT_RELEASED, CREDIT_RESERVED, CREDIT_SETTLED, DISPATCHED,
    INVOICE_PAID, INVOICE_UNPAID, STOCK_REFUSED, STOCK_RESERVED, STOCK_TAKEN_OUT,
};

use crate::process::Participant::{self, Billing, Customers, Shipping, Warehouse};

/// On this, tell the order what that service reports. What it means to the order is the order's to know.
pub const POLICIES: &[Policy<Participant>] = &[
    on(CREDIT_RESERVED, Customers),
    on(CREDIT_REFUSED, Customers),
    on(STOCK_RESERVED, Warehouse),
    on(STOCK_REFUSED, Warehouse),
    on(DISPATCHED, Shipping),
    on(CARRIER_REFUSED, Shipping),
    on(STOCK_TAKEN_OUT, Warehouse),
    on(INVOICE_PAID, Billing),
    on(INVOICE_UNPAID, Billing),
    on(CREDIT_SETTLED, Customers),
    // The last link of every chain of undoing; the links before it are not the order's business.
    on(CREDIT_RELEASED, Customers),
];

/// What has to be known to tell the order: what was reported, word for word.
pub const NEEDS: Needs = Needs::Report;
