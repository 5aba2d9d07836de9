//! How many: of a line, and in stock.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Invalid, Sku};

/// How many pieces a line or a restock is about: 1 to 1,000,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64, minimum = 1, maximum = 1_000_000, example = 2)]
pub struct Quantity(u32);

impl Quantity {
    /// The largest quantity.
    pub const MAX: u32 = 1_000_000;

    /// A number of pieces.
    ///
    /// # Errors
    /// [`Invalid`] unless it is from 1 to 1,000,000.
    pub fn new(pieces: i64) -> Result<Self, Invalid> {
        match u32::try_from(pieces) {
            Ok(pieces @ 1..=Self::MAX) => Ok(Self(pieces)),
            _ => Err(Invalid::new("a quantity is a whole number from 1 to 1000000")),
        }
    }

    /// The number of pieces.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Both together, or nothing if that is more than a quantity may be.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(i64::from(self.0) + i64::from(other.0)).ok()
    }
}

impl TryFrom<i64> for Quantity {
    type Error = Invalid;

    fn try_from(pieces: i64) -> Result<Self, Invalid> {
        Self::new(pieces)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        Self::from(quantity.0)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A number of pieces in stock: 0 to 10^12.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64, example = 100)]
pub struct Count(i64);

impl Count {
    /// The largest count.
    pub const MAX: i64 = 1_000_000_000_000;

    /// A number of pieces.
    ///
    /// # Errors
    /// [`Invalid`] unless it is from 0 to 10^12.
    pub fn new(pieces: i64) -> Result<Self, Invalid> {
        if (0..=Self::MAX).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(Invalid::new("a count is a whole number from 0 to 1000000000000"))
        }
    }

    /// The number of pieces.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// So many more, or nothing if that is more than a count may be.
    #[must_use]
    pub fn plus(self, quantity: Quantity) -> Option<Self> {
        Self::new(self.0 + i64::from(quantity)).ok()
    }

    /// So many fewer, or nothing if there are not that many.
    #[must_use]
    pub fn minus(self, quantity: Quantity) -> Option<Self> {
        Self::new(self.0 - i64::from(quantity)).ok()
    }
}

impl TryFrom<i64> for Count {
    type Error = Invalid;

    fn try_from(pieces: i64) -> Result<Self, Invalid> {
        Self::new(pieces)
    }
}

impl From<Count> for i64 {
    fn from(count: Count) -> Self {
        count.0
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// So many pieces of one product, as an order's line names them to those who handle goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}
