//! What can be asked of an order, and what can be reported to it.

use contracts::{Address, CustomerId, Money, Name, Quantity, Reference, Sku, Timestamp, ordering::Reason};

/// What can be asked of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin it.
    Create {
        /// Who orders; not looked up here: the customers service decides once the order is placed.
        customer_id: CustomerId,
        /// What the client calls it.
        reference: Option<Reference>,
        /// Now.
        at: Timestamp,
    },
    /// Add so many of a product: to its line, or as a new line.
    AddLine {
        /// The product.
        sku: Sku,
        /// Its name now; a line that exists keeps the one it has.
        name: Name,
        /// Its price now; a line that exists keeps the one it has.
        unit_price: Money,
        /// How many more.
        quantity: Quantity,
    },
    /// Have so many of a product that it has a line for.
    ChangeLine {
        /// The product.
        sku: Sku,
        /// How many.
        quantity: Quantity,
    },
    /// Have none of a product.
    RemoveLine {
        /// The product.
        sku: Sku,
    },
    /// Ship and bill it.
    Place {
        /// Now.
        at: Timestamp,
    },
    /// Do not ship and bill it, if there is still a way back.
    Cancel {
        /// Now.
        at: Timestamp,
    },
    /// Take in what another service reports.
    Outcome {
        /// What it reports.
        outcome: Outcome,
        /// Now.
        at: Timestamp,
    },
}

impl Command {
    /// What it is called where commands are listed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::AddLine { .. } => "add_line",
            Self::ChangeLine { .. } => "change_line",
            Self::RemoveLine { .. } => "remove_line",
            Self::Place { .. } => "place",
            Self::Cancel { .. } => "cancel",
            Self::Outcome { outcome, .. } => outcome.name(),
        }
    }
}

/// What the other services report to an order. They may come in any order, and more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The customer's credit is set aside.
    CreditReserved {
        /// Where the goods go, if the one who reports it knows.
        ship_to: Option<Address>,
    },
    /// The credit is not set aside, and nothing else was tried.
    CreditRefused {
        /// Why not.
        reason: Reason,
    },
    /// The stock is set aside.
    StockReserved,
    /// The stock is not set aside. The order is rejected only when its credit is free again, since a final status is
    /// written last.
    StockRefused,
    /// The credit is free again: the end of every chain of undoing.
    CreditReleased {
        /// What started the chain, if not the order itself: stock that was refused.
        because: Option<Reason>,
    },
    /// The carrier has the goods.
    Dispatched,
    /// The carrier refused for good.
    CarrierRefused,
    /// The stock has left the house.
    StockTakenOut,
    /// The invoice was paid.
    InvoicePaid,
    /// The payment was refused; an [`InvoicePaid`](Self::InvoicePaid) may still follow.
    InvoiceUnpaid,
    /// The credit is free for the next order.
    CreditSettled,
}

impl Outcome {
    const fn name(&self) -> &'static str {
        match self {
            Self::CreditReserved { .. } => "credit_reserved",
            Self::CreditRefused { .. } => "credit_refused",
            Self::StockReserved => "stock_reserved",
            Self::StockRefused => "stock_refused",
            Self::CreditReleased { .. } => "credit_released",
            Self::Dispatched => "dispatched",
            Self::CarrierRefused => "carrier_refused",
            Self::StockTakenOut => "stock_taken_out",
            Self::InvoicePaid => "invoice_paid",
            Self::InvoiceUnpaid => "invoice_unpaid",
            Self::CreditSettled => "credit_settled",
        }
    }
}
