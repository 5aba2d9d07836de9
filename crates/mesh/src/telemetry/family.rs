//! Families of numbers, as Prometheus has them.

use std::sync::Arc;

/// What a number is: the same for all of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, with its unit in it and `_total` behind a counter's.
    pub name: &'static str,
    /// One sentence that says what it is.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The names of its labels behind `name` and `target`.
    pub labels: &'static [&'static str],
}

/// How numbers behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// They only grow, but for registrations that begin anew.
    Counter,
    /// They go up and down.
    Gauge,
}

impl Family {
    pub(super) const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, help, kind: Kind::Counter, labels }
    }

    pub(super) const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, help, kind: Kind::Gauge, labels }
    }

    /// Every family that there is.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let layers = [
            super::answer::FAMILIES,
            super::balance::FAMILIES,
            super::budget::FAMILIES,
            super::bulkhead::FAMILIES,
            super::calls::FAMILIES,
            super::circuit_breaker::FAMILIES,
            super::concurrency::FAMILIES,
            super::deadline::FAMILIES,
            super::discovery::FAMILIES,
            super::hedge::FAMILIES,
            super::rate_limit::FAMILIES,
            super::retry::FAMILIES,
            super::timeout::FAMILIES,
        ];
        layers.into_iter().flatten().copied()
    }
}

/// A family with its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Families {
    /// What the numbers are.
    pub family: &'static Family,
    /// The numbers.
    pub samples: Vec<Sample>,
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What is called.
    pub name: Arc<str>,
    /// Where.
    pub target: Arc<str>,
    /// The values of the family's labels, in the order of their names.
    pub labels: Vec<&'static str>,
    /// The number.
    pub value: f64,
}
