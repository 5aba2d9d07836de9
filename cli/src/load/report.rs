//! What a run has measured, for people and for programs.

use std::collections::BTreeMap;

use chassis::platform::BuildInfo;
use contracts::{OrderId, Timestamp, ordering::Reason};
use serde::Serialize;

use super::{Config, Kind, Percentiles, Second, machine::Machine, verdict::Verdict, watch::Generator};
use crate::{remote::Pushback, workload::Outcome};

/// The number of this shape. It grows when a field goes or means something else; new fields leave it as it is.
pub const SHAPE: u32 = 1;

/// What a run has measured. Times are from the moment when an order should have been sent: in a closed loop when its client was
/// free, in an open one when the schedule had it.
///
/// `switchyard load --json` writes it as it stands here. Times are in milliseconds where the name ends with `_ms`, in seconds with
/// `_s`; parts are of 1.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SHAPE`].
    pub shape: u32,
    /// What all names of this run begin with.
    pub run: String,
    /// When it began.
    pub began_at: Timestamp,
    /// What was asked for.
    pub config: Config,
    /// Which build sent the orders.
    pub program: BuildInfo,
    /// Where it ran.
    pub machine: Machine,
    /// From the first order sent to the last one ended.
    pub took_s: f64,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// How many orders.
    pub orders: Orders,
    /// How many of each outcome, the warm-up included, and how long those after it took.
    pub outcomes: Vec<Outcomes>,
    /// How many orders of each kind ended as they should.
    pub kinds: BTreeMap<Kind, u64>,
    /// Orders that ended, per second.
    pub throughput: Throughput,
    /// To the outcome.
    pub to_outcome_ms: Percentiles,
    /// To the first answer, which is the outcome where that is waited for.
    pub to_answer_ms: Percentiles,
    /// What was asked to come back later.
    pub pushback: Pushback,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// How the generator itself did.
    pub generator: Generator,
    /// Who was the bottleneck.
    pub verdict: Verdict,
    /// The first failures.
    pub failures: Vec<Failed>,
}

/// How many orders. What was sent has ended, has failed, or is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Orders {
    /// Sent.
    pub sent: u64,
    /// Of these, with the outcome that their kind may have.
    pub ended: u64,
    /// Of these, without an outcome in time, or with one that their kind does not have.
    pub failed: u64,
    /// Of these, given up since the run was stopped.
    pub unfinished: u64,
    /// Due, and not sent: they would have been later than the backlog is long.
    pub not_sent: u64,
}

/// Orders that ended one way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcomes {
    /// Where.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<Reason>,
    /// How many, the warm-up included.
    pub orders: u64,
    /// How long those after the warm-up took.
    pub to_outcome_ms: Percentiles,
}

/// Orders that ended, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Throughput {
    /// Over the whole run.
    pub with_warm_up: f64,
    /// From the moment when as many as the warm-up has had ended.
    pub after_warm_up: f64,
    /// How long that was.
    pub measured_s: f64,
}

/// An order that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Which one, from 0.
    pub number: u64,
    /// What it was to become.
    pub kind: Kind,
    /// The order, if it was begun.
    pub order_id: Option<OrderId>,
    /// Whether it has no outcome; else it has another than its kind may.
    pub without_outcome: bool,
    /// What is wrong.
    pub what: String,
}

impl Report {
    /// Whether every order that was to be sent was, and ended as its kind may.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        let Orders { failed, unfinished, not_sent, .. } = self.orders;
        failed == 0 && unfinished == 0 && not_sent == 0
    }
}
