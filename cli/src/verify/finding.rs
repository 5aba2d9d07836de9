//! What is found about one invariant.

use std::fmt;

use serde::Serialize;

/// What is found about one invariant in one style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The style.
    pub style: String,
    /// The number of the invariant.
    pub invariant: &'static str,
    /// What should hold.
    pub statement: &'static str,
    /// Whether it does.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether an invariant holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Ok,
    /// It does not.
    Broken {
        /// Where it does not.
        offences: Vec<Offence>,
    },
    /// Nobody can say.
    NotChecked {
        /// Why not.
        reason: String,
    },
}

/// Something that breaks an invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offence {
    /// What it is: the id of an order, a sku, the name of a service.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

impl Offence {
    pub(super) fn new(id: impl fmt::Display, what: impl Into<String>) -> Self {
        Self { id: id.to_string(), what: what.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.what)
    }
}

impl Verdict {
    /// Whether the invariant does not hold.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}

impl From<Vec<Offence>> for Verdict {
    fn from(offences: Vec<Offence>) -> Self {
        if offences.is_empty() { Self::Ok } else { Self::Broken { offences } }
    }
}
