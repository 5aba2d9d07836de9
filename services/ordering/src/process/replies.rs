//! What an answer means: to the order, and to its saga.

use contracts::{
    Contact, billing,
    customers::{self, CreditRefusal},
    ordering::Reason,
    shipping,
    warehouse::{self, StockRefusal},
};
use saga::Input;

use super::{Reply, Step};
use crate::domain::Outcome;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What the order is told, if anything.
    pub outcome: Option<Outcome>,
    /// What the saga is told, if anything.
    pub input: Option<Input<Step>>,
    /// What the saga has to remember of it.
    pub contact: Option<Contact>,
}

/// What an answer means. A refusal because an undo came first means nothing: the undo is what counts.
#[must_use]
pub fn meaning(reply: &Reply) -> Meaning {
    use Step::{Bill, ReserveCredit, ReserveStock, SettleCredit, Ship, TakeStockOut};
    let (outcome, input) = match reply {
        Reply::Customers(reply) => match reply {
            customers::Reply::CreditReserved { contact } => {
                let outcome = Outcome::CreditReserved { ship_to: Some(contact.address.clone()) };
                let (outcome, input) = (Some(outcome), Some(Input::Done(ReserveCredit)));
                return Meaning { outcome, input, contact: Some(contact.clone()) };
            }
            customers::Reply::CreditRefused { reason } => match refused_for(*reason) {
                None => (None, None),
                Some(reason) => {
                    (Some(Outcome::CreditRefused { reason }), Some(Input::Refused(ReserveCredit)))
                }
            },
            // The order hears of it when the whole chain is undone: see `Orchestrated::replied`.
            customers::Reply::CreditReleased => (None, Some(Input::Undone(ReserveCredit))),
            customers::Reply::CreditSettled => {
                (Some(Outcome::CreditSettled), Some(Input::Done(SettleCredit)))
            }
        },
        Reply::Warehouse(reply) => match reply {
            warehouse::Reply::StockReserved => {
                (Some(Outcome::StockReserved), Some(Input::Done(ReserveStock)))
            }
            warehouse::Reply::StockRefused { reason: StockRefusal::OutOfStock } => {
                (Some(Outcome::StockRefused), Some(Input::Refused(ReserveStock)))
            }
            warehouse::Reply::StockRefused { reason: StockRefusal::Released } => (None, None),
            warehouse::Reply::StockReleased => (None, Some(Input::Undone(ReserveStock))),
            warehouse::Reply::StockTakenOut => {
                (Some(Outcome::StockTakenOut), Some(Input::Done(TakeStockOut)))
            }
        },
        Reply::Shipping(reply) => match reply {
            shipping::Reply::Dispatched { .. } => (Some(Outcome::Dispatched), Some(Input::Done(Ship))),
            shipping::Reply::CarrierRefused => (Some(Outcome::CarrierRefused), Some(Input::Refused(Ship))),
            shipping::Reply::CalledOff => (None, Some(Input::Undone(Ship))),
        },
        Reply::Billing(reply) => match reply {
            billing::Reply::InvoicePaid => (Some(Outcome::InvoicePaid), Some(Input::Done(Bill))),
            billing::Reply::InvoiceUnpaid => (Some(Outcome::InvoiceUnpaid), Some(Input::Deferred(Bill))),
        },
    };
    Meaning { outcome, input, contact: None }
}

const fn refused_for(reason: CreditRefusal) -> Option<Reason> {
    match reason {
        CreditRefusal::UnknownCustomer => Some(Reason::UnknownCustomer),
        CreditRefusal::InsufficientCredit => Some(Reason::InsufficientCredit),
        CreditRefusal::CurrencyMismatch => Some(Reason::CurrencyMismatch),
        CreditRefusal::Released => None,
    }
}
