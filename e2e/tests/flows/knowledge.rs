//! What there is to know of the one order of every story, and what each participant answers for it.

use contracts::{
    Contact, Currency, CustomerId, Money, OrderId, Timestamp, billing, customers, shipping, warehouse,
};
use ordering::{
    domain::{Command, Order},
    process::{Reply, Request},
};
use serde_json::json;

use crate::story::Scenario;

pub(crate) fn order_id() -> OrderId {
    "00000000-0000-0000-0000-000000000001".parse().unwrap()
}

fn customer_id() -> CustomerId {
    "00000000-0000-0000-0000-000000000002".parse().unwrap()
}

pub(crate) const AT: Timestamp = Timestamp::from_micros(0);

/// What makes an order that can be placed.
pub(crate) fn begun() -> [Command; 2] {
    let (sku, name) = ("TEA".parse().unwrap(), "Tea".parse().unwrap());
    let (unit_price, quantity) = (Money::new(1250, Currency::EUR).unwrap(), 2.try_into().unwrap());
    [
        Command::Create { customer_id: customer_id(), reference: None, at: AT },
        Command::AddLine { sku, name, unit_price, quantity },
    ]
}

pub(crate) fn customer() -> customers::Customer {
    let (all, none) = (json!({"amount": 9000, "currency": "EUR"}), json!({"amount": 0, "currency": "EUR"}));
    serde_json::from_value(json!({
        "id": customer_id(), "name": "Ada", "email": "ada@example.org",
        "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
        "credit_limit": all, "credit_reserved": none, "credit_available": all,
        "created_at": AT, "version": 1,
    }))
    .unwrap()
}

pub(crate) fn contact() -> Contact {
    let customers::Customer { name, email, address, .. } = customer();
    Contact { name, email, address }
}

/// An answer, and whether it comes much later than the question.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) late: bool,
}

/// What a participant answers; nothing while the carrier was not asked yet.
pub(crate) fn answer(request: &Request, scenario: Scenario) -> Option<Answer> {
    let reply = match request {
        Request::Customers(command) => Reply::Customers(match command {
            customers::Command::ReserveCredit { .. } => {
                customers::Reply::CreditReserved { contact: contact() }
            }
            customers::Command::ReleaseCredit { .. } => customers::Reply::CreditReleased,
            customers::Command::SettleCredit { .. } => customers::Reply::CreditSettled,
        }),
        Request::Warehouse(command) => Reply::Warehouse(match command {
            warehouse::Command::ReserveStock { .. } if scenario == Scenario::IsOutOfStock => {
                warehouse::Reply::StockRefused { reason: warehouse::StockRefusal::OutOfStock }
            }
            warehouse::Command::ReserveStock { .. } => warehouse::Reply::StockReserved,
            warehouse::Command::ReleaseStock { .. } => warehouse::Reply::StockReleased,
            warehouse::Command::TakeStockOut { .. } => warehouse::Reply::StockTakenOut,
        }),
        Request::Shipping(command) => Reply::Shipping(match command {
            shipping::Command::RequestShipment { .. } if scenario == Scenario::IsCancelled => return None,
            shipping::Command::RequestShipment { .. } => shipping::Reply::Dispatched {
                carrier: "Hermes".to_owned(),
                tracking_number: "H-1".to_owned(),
            },
            shipping::Command::CallOff { .. } => shipping::Reply::CalledOff,
        }),
        Request::Billing(billing::Command::IssueInvoice { .. }) => {
            Reply::Billing(billing::Reply::InvoicePaid)
        }
    };
    Some(Answer { reply, late: takes_long(request) })
}

/// Whether somebody outside decides: the carrier, or the payment provider.
pub(crate) const fn takes_long(request: &Request) -> bool {
    matches!(request, Request::Shipping(shipping::Command::RequestShipment { .. }) | Request::Billing(_))
}

/// The order as it would be if nothing was asked yet.
pub(crate) fn nothing() -> aggregate::Versioned<Order> {
    aggregate::Versioned::default()
}
