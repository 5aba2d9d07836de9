//! What should come of an order.

use contracts::ordering::{OrderStatus, Reason};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use serde_json::Value;

/// Where an order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Everything is done.
    Completed,
    /// It was refused.
    Rejected,
    /// It was cancelled.
    Cancelled,
    /// It is with its customer, who has not paid.
    Shipped,
}

impl Outcome {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Rejected, Self::Cancelled, Self::Shipped];

    /// As clients see it.
    #[must_use]
    pub const fn status(self) -> OrderStatus {
        match self {
            Self::Completed => OrderStatus::Completed,
            Self::Rejected => OrderStatus::Rejected,
            Self::Cancelled => OrderStatus::Cancelled,
            Self::Shipped => OrderStatus::Shipped,
        }
    }

    /// Whether an order that ends here may give this reason.
    const fn may_give(self, reason: Reason) -> bool {
        use Reason::{CarrierRefused, CurrencyMismatch, InsufficientCredit, OutOfStock, UnknownCustomer};
        match reason {
            UnknownCustomer | InsufficientCredit | CurrencyMismatch | OutOfStock => {
                matches!(self, Self::Rejected)
            }
            CarrierRefused => matches!(self, Self::Cancelled),
        }
    }
}

/// What should come of an order: one of these outcomes, and where a reason is named, for that reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Any of these.
    #[serde(deserialize_with = "one_or_many")]
    pub status: Vec<Outcome>,
    /// Any of these, of an order whose outcome has one of them; `null` is none at all. Absent: whatever it is.
    #[serde(default, deserialize_with = "one_or_many")]
    pub reason: Vec<Option<Reason>>,
}

impl Expect {
    /// One outcome, whatever the reason.
    #[must_use]
    pub fn only(outcome: Outcome) -> Self {
        Self { status: vec![outcome], reason: Vec::new() }
    }

    /// What is wrong with the expectation itself.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.status.is_empty() {
            return Err(
                "`expect.status` names at least one of COMPLETED, REJECTED, CANCELLED, SHIPPED".to_owned()
            );
        }
        let impossible = |reason: &Reason| !self.status.iter().any(|outcome| outcome.may_give(*reason));
        match self.reason.iter().flatten().find(|reason| impossible(reason)) {
            Some(reason) => {
                let statuses: Vec<_> = self.status.iter().map(|outcome| word(&outcome.status())).collect();
                Err(format!(
                    "an order that ends {} does not give the reason {}",
                    statuses.join(" or "),
                    word(reason)
                ))
            }
            None => Ok(()),
        }
    }

    /// What differs from what came of the order; `None` if nothing does.
    #[must_use]
    pub fn differs(&self, status: OrderStatus, reason: Option<Reason>) -> Option<String> {
        let got = told(status, reason);
        let Some(outcome) = self.status.iter().find(|outcome| outcome.status() == status) else {
            let wanted: Vec<_> = self.status.iter().map(|outcome| word(&outcome.status())).collect();
            return Some(format!("{got} instead of {}", wanted.join(" or ")));
        };
        let fitting: Vec<_> = self
            .reason
            .iter()
            .filter(|reason| reason.is_none_or(|reason| outcome.may_give(reason)))
            .collect();
        if fitting.is_empty() || fitting.contains(&&reason) {
            return None;
        }
        let wanted: Vec<_> = fitting.into_iter().map(|reason| told(status, *reason)).collect();
        Some(format!("{got} instead of {}", wanted.join(" or ")))
    }
}

fn told(status: OrderStatus, reason: Option<Reason>) -> String {
    match reason {
        Some(reason) => format!("{} ({})", word(&status), word(&reason)),
        None => word(&status),
    }
}

/// A status or a reason in the words of the API.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A list, or what could be the only member of one.
fn one_or_many<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter().map(|one| serde_json::from_value(one).map_err(de::Error::custom)).collect()
}
