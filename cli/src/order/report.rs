//! What came of each line, and of all of them.

use std::{collections::BTreeMap, time::Duration};

use contracts::{OrderId, ordering::Order};
use serde::Serialize;

use crate::workload::{CarrierScript, Expect, NewOrder, Outcome, PaymentScript, Run};

/// What came of one order.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    line: usize,
    key: String,
    pub(crate) order_id: Option<OrderId>,
    outcome: Option<Outcome>,
    /// From placing it to its first outcome, unless it was held on the way.
    took: Option<Duration>,
    held: bool,
    problem: Option<String>,
}

impl Report {
    pub(super) fn of(line: usize, order: &NewOrder) -> Self {
        let held = order.carrier == Some(CarrierScript::Hold) || order.payment == Some(PaymentScript::Hold);
        let key = order.key.to_string();
        Self { line, key, order_id: None, outcome: None, took: None, held, problem: None }
    }

    /// Where it ended, if it did.
    pub(crate) const fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// What was not as expected.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Nothing came of it.
    pub(super) fn failed(self, problem: String) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// This came of it.
    pub(super) fn ended(self, expected: &Expect, order: &Order, took: Option<Duration>) -> Self {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.status() == order.status);
        let took = took.filter(|_| !self.held);
        Self { outcome, took, problem: expected.differs(order.status, order.reason), ..self }
    }
}

/// What came of a whole file in one style.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Summary {
    /// The style; `None` for the default one whose name the gateway does not tell.
    pub(super) style: Option<String>,
    /// What all names of this run begin with.
    pub(super) run: String,
    /// How many orders were tried.
    pub(super) orders: usize,
    /// How many ended where.
    pub(super) outcomes: BTreeMap<Outcome, usize>,
    /// How many did not end.
    pub(super) without_outcome: usize,
    /// How long it took from placing an order to its outcome, in milliseconds; those that were held are left out.
    pub(super) time_ms: Option<Times>,
    /// What an order took on average; `None` where it is not measured.
    pub(super) per_order: PerOrder,
    /// What was not as expected.
    pub(super) problems: Vec<Problem>,
    /// How long each order took.
    #[serde(skip)]
    pub(super) took: Vec<Duration>,
    /// The orders that were begun, by their keys.
    #[serde(skip)]
    pub(super) begun: BTreeMap<String, OrderId>,
}

/// How long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

/// What an order took on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct PerOrder {
    /// Messages that services have sent.
    pub(super) messages: Option<f64>,
    /// Calls that services made, to each other and to the systems outside.
    pub(super) calls: Option<f64>,
    /// Bytes of both.
    pub(super) bytes: Option<f64>,
    /// Transactions that services committed for it.
    pub(super) commits: Option<f64>,
}

/// Something that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line.
    pub line: usize,
    /// The order's key, if it is about one.
    pub key: Option<String>,
    /// The order, if it was begun.
    pub order_id: Option<OrderId>,
    /// The code of the refusal, if the system said no to a line that sets something up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl Summary {
    pub(super) fn of(run: &Run) -> Self {
        Self { run: run.to_string(), ..Self::default() }
    }

    pub(super) fn add(&mut self, report: Report) {
        self.orders += 1;
        match report.outcome {
            Some(outcome) => *self.outcomes.entry(outcome).or_default() += 1,
            None => self.without_outcome += 1,
        }
        self.took.extend(report.took);
        let Report { line, key, order_id, problem, .. } = report;
        let told = |what| Problem { line, key: Some(key.clone()), order_id, code: None, what };
        self.problems.extend(problem.map(told));
        self.begun.extend(order_id.map(|id| (key, id)));
    }

    /// Works out what only the whole tells.
    pub(super) fn finish(&mut self) {
        self.took.sort_unstable();
        self.time_ms = Times::of(&self.took);
        self.problems.sort_by_key(|problem| problem.line);
    }
}

impl Times {
    /// Of times in ascending order.
    fn of(sorted: &[Duration]) -> Option<Self> {
        let last = sorted.len().checked_sub(1)?;
        // The nearest rank: a time that was measured, not one between two.
        let at =
            |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1].as_secs_f64() * 1000.0;
        Some(Self { p50: at(50), p90: at(90), p99: at(99), max: sorted[last].as_secs_f64() * 1000.0 })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(key) = &self.key {
            write!(f, ", order {key}")?;
        }
        if let Some(id) = &self.order_id {
            write!(f, " ({id})")?;
        }
        write!(f, ": {}", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(Times::of(&times), Some(Times { p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 }));
        let one = Duration::from_millis(7);
        assert_eq!(Times::of(&[one]), Some(Times { p50: 7.0, p90: 7.0, p99: 7.0, max: 7.0 }));
        assert_eq!(Times::of(&[]), None);
    }
}
