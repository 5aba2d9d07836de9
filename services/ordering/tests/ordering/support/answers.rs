//! What participants are asked, and what they answer.

use std::time::Duration;

use contracts::{
    Contact, billing,
    customers::{self, CreditRefusal},
    shipping,
    warehouse::{self, StockRefusal},
};
use ordering::process::{Reply, Request};

/// What a participant can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    ReserveCredit,
    ReleaseCredit,
    SettleCredit,
    ReserveStock,
    ReleaseStock,
    TakeStockOut,
    Ship,
    CallOff,
    Bill,
}

impl Ask {
    /// What is asked of an order that comes to its end, in the order in which it is.
    pub(crate) const FORWARD: [Self; 6] = [
        Self::ReserveCredit,
        Self::ReserveStock,
        Self::Ship,
        Self::TakeStockOut,
        Self::Bill,
        Self::SettleCredit,
    ];

    /// What is asked of an order that is cancelled.
    pub(crate) const BACK: [Self; 3] = [Self::CallOff, Self::ReleaseStock, Self::ReleaseCredit];

    pub(crate) const fn of(request: &Request) -> Self {
        match request {
            Request::Customers(customers::Command::ReserveCredit { .. }) => Self::ReserveCredit,
            Request::Customers(customers::Command::ReleaseCredit { .. }) => Self::ReleaseCredit,
            Request::Customers(customers::Command::SettleCredit { .. }) => Self::SettleCredit,
            Request::Warehouse(warehouse::Command::ReserveStock { .. }) => Self::ReserveStock,
            Request::Warehouse(warehouse::Command::ReleaseStock { .. }) => Self::ReleaseStock,
            Request::Warehouse(warehouse::Command::TakeStockOut { .. }) => Self::TakeStockOut,
            Request::Shipping(shipping::Command::RequestShipment { .. }) => Self::Ship,
            Request::Shipping(shipping::Command::CallOff { .. }) => Self::CallOff,
            Request::Billing(billing::Command::IssueInvoice { .. }) => Self::Bill,
        }
    }

    /// What is answered when all goes well: at once, or later where a system outside is asked in between.
    pub(crate) fn usual(self) -> Answer {
        match self {
            Self::ReserveCredit => Answer::now(customers::Reply::CreditReserved { contact: contact() }),
            Self::ReleaseCredit => Answer::now(customers::Reply::CreditReleased),
            Self::SettleCredit => Answer::now(customers::Reply::CreditSettled),
            Self::ReserveStock => Answer::now(warehouse::Reply::StockReserved),
            Self::ReleaseStock => Answer::now(warehouse::Reply::StockReleased),
            Self::TakeStockOut => Answer::now(warehouse::Reply::StockTakenOut),
            Self::Ship => Answer::later(dispatched()),
            Self::CallOff => Answer::now(shipping::Reply::CalledOff),
            Self::Bill => Answer::later(billing::Reply::InvoicePaid),
        }
    }
}

/// How a participant answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// What it says; without one it fails: 500, or silence where there is no response to give.
    pub(crate) reply: Option<Reply>,
    /// How long it takes.
    pub(crate) takes: Duration,
    /// Whether it only takes note of what is asked at first, and answers by a message of its own.
    pub(crate) later: bool,
    /// How often it answers.
    pub(crate) times: u32,
}

impl Answer {
    /// In the response, where there is one.
    pub(crate) fn now(reply: impl IntoReply) -> Self {
        Self { reply: Some(reply.into_reply()), takes: Duration::ZERO, later: false, times: 1 }
    }

    /// By a message of its own.
    pub(crate) fn later(reply: impl IntoReply) -> Self {
        Self { later: true, ..Self::now(reply) }
    }

    pub(crate) const fn fails() -> Self {
        Self { reply: None, takes: Duration::ZERO, later: false, times: 0 }
    }

    pub(crate) fn after(self, takes: Duration) -> Self {
        Self { takes, ..self }
    }

    pub(crate) fn twice(self) -> Self {
        Self { times: 2, ..self }
    }

    pub(crate) fn credit_refused(reason: CreditRefusal) -> Self {
        Self::now(customers::Reply::CreditRefused { reason })
    }

    pub(crate) fn out_of_stock() -> Self {
        Self::now(warehouse::Reply::StockRefused { reason: StockRefusal::OutOfStock })
    }

    pub(crate) fn carrier_refuses() -> Self {
        Self::later(shipping::Reply::CarrierRefused)
    }

    /// What a call-off that comes too late is answered.
    pub(crate) fn dispatched_already() -> Self {
        Self::now(dispatched())
    }

    pub(crate) fn unpaid() -> Self {
        Self::later(billing::Reply::InvoiceUnpaid)
    }
}

/// The reply of some participant.
pub(crate) trait IntoReply {
    fn into_reply(self) -> Reply;
}

impl IntoReply for customers::Reply {
    fn into_reply(self) -> Reply {
        Reply::Customers(self)
    }
}

impl IntoReply for warehouse::Reply {
    fn into_reply(self) -> Reply {
        Reply::Warehouse(self)
    }
}

impl IntoReply for shipping::Reply {
    fn into_reply(self) -> Reply {
        Reply::Shipping(self)
    }
}

impl IntoReply for billing::Reply {
    fn into_reply(self) -> Reply {
        Reply::Billing(self)
    }
}

/// Whom the goods and the invoice go to.
pub(crate) fn contact() -> Contact {
    let contact = serde_json::json!({
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
    });
    serde_json::from_value(contact).unwrap()
}

fn dispatched() -> shipping::Reply {
    shipping::Reply::Dispatched { carrier: "Hermes".to_owned(), tracking_number: "H-1".to_owned() }
}
