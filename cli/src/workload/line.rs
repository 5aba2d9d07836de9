//! What one line of a workload says.

use std::fmt;

use contracts::{
    Address, Count, Email, Money, Name, Quantity, Reference, Sku, outside::simulators::Behaviour,
};
use serde::Deserialize;

use super::{Expect, Run};

/// One line: what to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Register a customer.
    Customer(NewCustomer),
    /// Add a product.
    Product(NewProduct),
    /// Change what a product costs.
    Price(Price),
    /// Change what a customer may owe.
    Limit(Limit),
    /// Take in more of a product.
    Restock(Restock),
    /// Wait until everything before this line is done and the system is at rest.
    Barrier(bool),
    /// Place an order and see what becomes of it.
    Order(Box<NewOrder>),
}

/// A name inside a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

impl Key {
    /// The longest key: with a run's prefix it is still a reference.
    pub const MOST: usize = 90;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() <= Self::MOST && text.parse::<Reference>().is_ok() {
            Ok(Self(text))
        } else {
            Err(format!("a key has 1 to {} visible ASCII characters and no blanks", Self::MOST))
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sku inside a file: short enough to be prefixed.
pub(super) fn check_sku(sku: &Sku) -> Result<(), String> {
    let most = Run::LONGEST_SKU;
    if sku.as_str().len() <= most {
        Ok(())
    } else {
        Err(format!("the sku `{sku}` has more than {most} characters"))
    }
}

/// A customer to register.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// What the file calls them.
    pub key: Key,
    /// Their name; the key unless given.
    pub name: Option<Name>,
    /// Where mail reaches them; somewhere at example.org unless given.
    pub email: Option<Email>,
    /// Where parcels reach them; somewhere in London unless given.
    pub address: Option<Address>,
    /// How much they may owe.
    pub credit_limit: Money,
}

/// A product to add.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// What the file calls it.
    pub sku: Sku,
    /// What it is called; the sku unless given.
    pub name: Option<Name>,
    /// What one piece costs.
    pub unit_price: Money,
    /// How many there are to begin with.
    pub on_hand: Count,
}

/// A product that is to cost something else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The product.
    pub sku: Sku,
    /// What one piece costs from now on.
    pub unit_price: Money,
}

/// A customer who is to have another limit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The customer.
    pub customer: Key,
    /// How much they may owe from now on.
    pub credit_limit: Money,
}

/// A product of which more came in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restock {
    /// The product.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// An order to place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// What the file calls it.
    pub key: Key,
    /// Who orders. A customer that is not in the file is one that nobody knows.
    pub customer: Key,
    /// What it begins with.
    pub items: Vec<Wanted>,
    /// What is changed before it is placed, in this order.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// How the carrier answers; as it does by itself unless given.
    pub carrier: Option<CarrierScript>,
    /// How the payment provider answers; as it does by itself unless given.
    pub payment: Option<PaymentScript>,
    /// When it is cancelled, if it is.
    pub cancel_at: Option<Moment>,
    /// Whether it is paid once it is known to be unpaid.
    #[serde(default)]
    pub pay_later: bool,
    /// What should come of it.
    pub expect: Expect,
}

/// So many pieces of a product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The product.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// A change of an order's lines.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// So many more of a product.
    Add(Wanted),
    /// So many of a product that it has.
    Change(Wanted),
    /// None of a product.
    Remove(Unwanted),
}

/// A product that an order is not to have any more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwanted {
    /// The product.
    pub sku: Sku,
}

impl Change {
    /// The product that it is about.
    #[must_use]
    pub const fn sku(&self) -> &Sku {
        match self {
            Self::Add(wanted) | Self::Change(wanted) => &wanted.sku,
            Self::Remove(unwanted) => &unwanted.sku,
        }
    }
}

/// How the carrier answers an order's booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarrierScript {
    /// It takes the goods.
    Accept,
    /// It refuses for good.
    Refuse,
    /// It does not answer until it is let go, then takes the goods.
    Hold,
}

/// How the payment provider answers an order's charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentScript {
    /// It takes the money.
    Accept,
    /// It declines for good.
    Decline,
    /// It declines, and asking again might help, but does not.
    SoftDecline,
    /// It does not answer until it is let go, then takes the money.
    Hold,
}

impl From<CarrierScript> for Behaviour {
    fn from(script: CarrierScript) -> Self {
        match script {
            CarrierScript::Accept => Self::Accept,
            CarrierScript::Refuse => Self::Refuse,
            CarrierScript::Hold => Self::Hold,
        }
    }
}

impl From<PaymentScript> for Behaviour {
    fn from(script: PaymentScript) -> Self {
        match script {
            PaymentScript::Accept => Self::Accept,
            PaymentScript::Decline => Self::Decline,
            PaymentScript::SoftDecline => Self::SoftDecline,
            PaymentScript::Hold => Self::Hold,
        }
    }
}

/// A moment in an order's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Moment {
    /// Before it is placed.
    Open,
    /// As soon as placing it was answered.
    Placed,
    /// As soon as it is seen to be approved; if the carrier is held, as soon as its call is.
    Approved,
    /// As soon as it is seen to be shipped; if the payment is held, as soon as its call is.
    Shipped,
}
