//! The lines of a workload, as they are written: fields in the order in which a person reads them.

use serde::Serialize;

/// One line.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Customer { key: String, credit_limit: Money },
    Product { sku: String, unit_price: Money, on_hand: u32 },
    Price { sku: String, unit_price: Money },
    Limit { customer: String, credit_limit: Money },
    Restock { sku: String, quantity: u32 },
    Barrier(bool),
    Order(Order),
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Money {
    amount: u32,
    currency: &'static str,
}

pub(super) const fn eur(amount: u32) -> Money {
    Money { amount, currency: "EUR" }
}

pub(super) const fn usd(amount: u32) -> Money {
    Money { amount, currency: "USD" }
}

/// An order; what is not set is left out.
#[derive(Clone, Default, Serialize)]
pub(super) struct Order {
    pub(super) key: String,
    pub(super) customer: String,
    pub(super) items: Vec<Item>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cancel_at: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) pay_later: bool,
    pub(super) expect: Expect,
}

#[derive(Clone, Serialize)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) quantity: u32,
}

pub(super) fn item(sku: impl Into<String>, quantity: u32) -> Item {
    Item { sku: sku.into(), quantity }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    Add(Item),
    #[serde(rename = "change")]
    Set(Item),
    Remove {
        sku: String,
    },
}

#[derive(Clone, Default, Serialize)]
pub(super) struct Expect {
    status: Vec<&'static str>,
    /// One of these, `null` among them; empty is whatever it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reason: Vec<Option<&'static str>>,
}

/// Any of these outcomes.
pub(super) fn any<const N: usize>(status: [&'static str; N]) -> Expect {
    Expect { status: status.into(), reason: vec![] }
}

impl Expect {
    /// And for one of these reasons, where there is one.
    pub(super) fn because<const N: usize>(self, reason: [Option<&'static str>; N]) -> Self {
        Self { reason: reason.into(), ..self }
    }
}

/// REJECTED, for this reason.
pub(super) fn rejected(reason: &'static str) -> Expect {
    any(["REJECTED"]).because([Some(reason)])
}
