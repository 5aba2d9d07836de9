//! What kinds of orders there are, and how often each comes.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chassis::ids::Random;
use contracts::ordering::{OrderStatus, Reason};
use serde::{Serialize, Serializer};

use crate::workload::Outcome;

/// What is to become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It comes to its good end.
    Completed,
    /// It is of a product of which there is none.
    OutOfStock,
    /// It is of a customer who may not owe so much.
    NoCredit,
    /// It is of a customer whom nobody knows.
    UnknownCustomer,
    /// It is of a customer whose credit is in another currency.
    WrongCurrency,
    /// It is cancelled as soon as it was placed; which of the two wins is open.
    Cancel,
    /// Its payment is declined for good.
    Declined,
    /// Its payment is declined three times.
    SoftDeclined,
    /// No carrier takes it.
    CarrierRefused,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Completed,
        Self::OutOfStock,
        Self::NoCredit,
        Self::UnknownCustomer,
        Self::WrongCurrency,
        Self::Cancel,
        Self::Declined,
        Self::SoftDeclined,
        Self::CarrierRefused,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::OutOfStock => "out-of-stock",
            Self::NoCredit => "no-credit",
            Self::UnknownCustomer => "unknown-customer",
            Self::WrongCurrency => "wrong-currency",
            Self::Cancel => "cancel",
            Self::Declined => "declined",
            Self::SoftDeclined => "soft-declined",
            Self::CarrierRefused => "carrier-refused",
        }
    }

    /// Whether an order of this kind may end so.
    #[must_use]
    pub fn allows(self, ended: Ended) -> bool {
        use Outcome::{Cancelled, Completed, Rejected, Shipped};
        let refused = |reason| ended == Ended { outcome: Rejected, reason: Some(reason) };
        match self {
            Self::Completed => ended.outcome == Completed,
            Self::OutOfStock => refused(Reason::OutOfStock),
            Self::NoCredit => refused(Reason::InsufficientCredit),
            Self::UnknownCustomer => refused(Reason::UnknownCustomer),
            Self::WrongCurrency => refused(Reason::CurrencyMismatch),
            Self::Cancel => ended.outcome == Completed || ended == Ended { outcome: Cancelled, reason: None },
            Self::Declined | Self::SoftDeclined => ended.outcome == Shipped,
            Self::CarrierRefused => {
                ended == Ended { outcome: Cancelled, reason: Some(Reason::CarrierRefused) }
            }
        }
    }

    /// Whether the systems outside have to be told, which takes the admin port.
    #[must_use]
    pub const fn is_scripted(self) -> bool {
        matches!(self, Self::Declined | Self::SoftDeclined | Self::CarrierRefused)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ended {
    /// Where.
    pub outcome: Outcome,
    /// Why there, where there is a reason.
    pub reason: Option<Reason>,
}

impl Ended {
    /// What an order in this status has ended as; `None` while it has not. A shipped one has only if nobody waits for anything.
    #[must_use]
    pub fn of(status: OrderStatus, reason: Option<Reason>, waits: bool) -> Option<Self> {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.status() == status)?;
        (!waits).then_some(Self { outcome, reason })
    }
}

/// How often each kind comes, by weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix(BTreeMap<Kind, u32>);

/// A text that is no [`Mix`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMix {
    /// A part of it is not of the form.
    #[error("`{0}` is not of the form KIND=WEIGHT, such as completed=90")]
    Form(String),
    /// There is no such kind.
    #[error("`{0}` is no kind of order; there are {known}", known = Kind::ALL.map(Kind::as_str).join(", "))]
    Kind(String),
    /// A kind is named twice.
    #[error("`{0}` is there twice")]
    Twice(Kind),
    /// All weights are zero.
    #[error("at least one weight is above zero")]
    Nothing,
}

/// Nine in ten come to a good end; stock, credit and customers see to the others.
impl Default for Mix {
    fn default() -> Self {
        Self([(Kind::Completed, 90), (Kind::OutOfStock, 4), (Kind::NoCredit, 3), (Kind::Cancel, 3)].into())
    }
}

impl Mix {
    /// Nothing but this kind.
    #[must_use]
    pub fn only(kind: Kind) -> Self {
        Self([(kind, 1)].into())
    }

    /// The kinds that come at all.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.0.iter().filter(|(_, weight)| **weight > 0).map(|(kind, _)| *kind)
    }

    /// The next kind that chance has: each as often as its part of all weights.
    #[must_use]
    pub fn pick(&self, random: &Random) -> Kind {
        let total: u64 = self.0.values().copied().map(u64::from).sum();
        let mut left = random.next_u64() % total.max(1);
        for (kind, weight) in &self.0 {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *kind,
            }
        }
        Kind::Completed
    }
}

impl FromStr for Mix {
    type Err = BadMix;

    fn from_str(text: &str) -> Result<Self, BadMix> {
        let mut weights = BTreeMap::new();
        for part in text.split(',').map(str::trim) {
            let form = || BadMix::Form(part.to_owned());
            let (name, weight) = part.split_once('=').ok_or_else(form)?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name.trim());
            let kind = kind.ok_or_else(|| BadMix::Kind(name.to_owned()))?;
            if weights.insert(kind, weight.trim().parse().map_err(|_| form())?).is_some() {
                return Err(BadMix::Twice(kind));
            }
        }
        if weights.values().all(|weight| *weight == 0) { Err(BadMix::Nothing) } else { Ok(Self(weights)) }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(kind, weight)| format!("{kind}={weight}")).collect();
        f.write_str(&parts.join(","))
    }
}

/// As it is typed.
impl Serialize for Mix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mix_reads_as_it_is_written() {
        let text = "completed=90,out-of-stock=4,no-credit=3,cancel=3";
        assert_eq!(text.parse::<Mix>(), Ok(Mix::default()));
        assert_eq!(Mix::default().to_string(), text);
    }

    #[test]
    fn what_is_no_mix_says_why() {
        let told = |text: &str| text.parse::<Mix>().unwrap_err().to_string();
        assert!(told("completed").contains("KIND=WEIGHT"));
        assert!(told("completed=many").contains("completed=many"));
        assert!(told("lost=1").contains("there are completed, out-of-stock"));
        assert!(told("cancel=1,cancel=2").contains("`cancel` is there twice"));
        assert!(told("completed=0,cancel=0").contains("above zero"));
    }

    #[test]
    fn a_shipped_order_ends_only_unpaid() {
        let shipped = |waits| Ended::of(OrderStatus::Shipped, None, waits);
        assert_eq!(shipped(true), None);
        assert!(shipped(false).is_some_and(|ended| Kind::Declined.allows(ended)));
        assert_eq!(Ended::of(OrderStatus::Approved, None, true), None);
    }

    #[test]
    fn every_end_is_that_of_some_kind_and_no_refusal_is_another() {
        let refusal = |reason| Ended { outcome: Outcome::Rejected, reason: Some(reason) };
        let kinds = |ended| Kind::ALL.into_iter().filter(|kind| kind.allows(ended)).collect::<Vec<_>>();
        assert_eq!(kinds(refusal(Reason::OutOfStock)), [Kind::OutOfStock]);
        assert_eq!(kinds(refusal(Reason::InsufficientCredit)), [Kind::NoCredit]);
        assert_eq!(
            kinds(Ended { outcome: Outcome::Completed, reason: None }),
            [Kind::Completed, Kind::Cancel]
        );
        assert_eq!(kinds(Ended { outcome: Outcome::Cancelled, reason: None }), [Kind::Cancel]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Over many orders each kind comes as often as it weighs; three hundredths of them all are six standard deviations.
        #[test]
        fn kinds_come_as_often_as_they_weigh(seed: u64, weights in prop::collection::vec(0u32..100, 9)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let mix = Mix(Kind::ALL.into_iter().zip(weights.iter().copied()).collect());
            let total: u32 = weights.iter().sum();
            let random = Random::seeded(seed);
            const ORDERS: u32 = 10_000;
            let mut came = BTreeMap::<Kind, u32>::new();
            (0..ORDERS).for_each(|_| *came.entry(mix.pick(&random)).or_default() += 1);
            for (kind, weight) in Kind::ALL.into_iter().zip(weights) {
                let wanted = f64::from(weight) / f64::from(total);
                let got = f64::from(came.get(&kind).copied().unwrap_or_default()) / f64::from(ORDERS);
                prop_assert!((wanted - got).abs() < 0.03, "{kind}: {got} instead of {wanted}");
                prop_assert!(weight > 0 || got == 0.0, "{kind} does not come");
            }
        }
    }
}
