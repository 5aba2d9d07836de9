//! What the operator counts and measures, for `/metrics`. Every label has a fixed set of values; those of the API server's answers
//! are its status codes.

mod families;
mod requests;
mod standing;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{Histogram, HistogramVec, IntCounterVec, Registry, TextEncoder};
use rollout::{Change, Gate, Kind, Phase, Status, observed::Answer};

use self::{families::Families, standing::Standing};
pub use self::{
    requests::{Requests, RequestsLayer},
    standing::Scene,
};

/// In seconds: a turn that has nothing to do takes less than a millisecond, one that writes as long as the API server does.
const TURNS: &[f64] = &[0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];

/// In seconds: from a phase that is passed at once to a drain, and to one that waits for a person.
const PHASES: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3600.0];

/// In seconds.
const SWITCHES: &[f64] = &[0.001, 0.002_5, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The operator's metrics. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    turns: HistogramVec,
    transitions: IntCounterVec,
    phases: HistogramVec,
    switches: Histogram,
    skew: Histogram,
    writes: IntCounterVec,
    requests: IntCounterVec,
    gate_answers: IntCounterVec,
    news: IntCounterVec,
    standing: Arc<Mutex<Standing>>,
}

/// How a turn of a BlueGreen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Nothing is to be done until something changes.
    Rests,
    /// Nothing is to be done until then.
    Waits,
    /// Something did not succeed, and is tried again.
    Failed,
}

/// What became of what was told to somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was taken.
    Sent,
    /// It was not taken, after all attempts.
    Failed,
    /// More was to be told than could wait.
    Dropped,
}

impl Metrics {
    /// All of them, at zero.
    ///
    /// # Errors
    /// Never: no two have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let families = Families::new("switchyard_operator");
        let made = Self {
            turns: families.histograms(
                "reconcile_duration_seconds",
                "Time that turns of BlueGreens took, by how they ended.",
                TURNS,
                &["outcome"],
            )?,
            transitions: families.counters("transitions_total", "Changes of phase.", &["from", "to"])?,
            phases: families.histograms(
                "phase_duration_seconds",
                "Time that releases spent in a phase, when they left it.",
                PHASES,
                &["phase"],
            )?,
            switches: families.histogram(
                "switch_duration_seconds",
                "Time from the first Service that was pointed at the new side until the endpoints of all had shown it.",
                SWITCHES,
            )?,
            skew: families.histogram(
                "switch_skew_seconds",
                "Time between the first and the last Service that were pointed elsewhere together.",
                SWITCHES,
            )?,
            writes: families.counters(
                "writes_total",
                "Guarded writes, by what they change and what became of them.",
                &["change", "outcome"],
            )?,
            requests: families.counters(
                "api_requests_total",
                "Requests to the API server, by verb, resource and status code; the code is `none` where no answer came.",
                &["verb", "resource", "code"],
            )?,
            gate_answers: families.counters(
                "gate_answers_total",
                "Answers of gates, by the gate's kind.",
                &["kind", "answer"],
            )?,
            news: families.counters(
                "news_total",
                "Events, webhooks and spans, by what became of them.",
                &["to", "result"],
            )?,
            standing: Arc::new(Mutex::new(Standing::new(&families)?)),
            registry: families.into_registry(),
        };
        for change in ["point", "seal", "scale", "floor"] {
            made.writes.with_label_values(&[change, "made"]);
        }
        for to in ["events", "webhook", "traces"] {
            made.news.with_label_values(&[to, Told::Dropped.label()]);
        }
        Ok(made)
    }

    /// What `/metrics` shows at this moment, in Prometheus' text form.
    ///
    /// # Errors
    /// Never: every family has series of its own labels.
    pub fn text(&self, scene: &Scene) -> Result<String, prometheus::Error> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.show(scene);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// A layer that counts the requests of a client of the API server.
    #[must_use]
    pub fn requests(&self) -> RequestsLayer {
        RequestsLayer::new(self.requests.clone())
    }

    /// A turn has ended.
    pub fn turned(&self, how: Turned, took: Duration) {
        let outcome = match how {
            Turned::Rests => "rests",
            Turned::Waits => "waits",
            Turned::Failed => "failed",
        };
        self.turns.with_label_values(&[outcome]).observe(took.as_secs_f64());
    }

    /// A status was stored.
    pub fn stored(&self, before: &Status, after: &Status) {
        if before.phase == after.phase {
            return;
        }
        self.transitions.with_label_values(&[before.phase.word(), after.phase.word()]).inc();
        let Some(now) = after.since else { return };
        if let Some(since) = before.since {
            self.phases.with_label_values(&[before.phase.word()]).observe(now.since(since).as_secs_f64());
        }
        let is_over = matches!(after.phase, Phase::Verifying | Phase::Draining | Phase::Stable);
        let began = after.services.iter().filter_map(|service| service.pointed_at).min();
        if let Some(began) = began.filter(|_| before.phase == Phase::Switching && is_over) {
            self.switches.observe(now.since(began).as_secs_f64());
        }
    }

    /// A guarded write has ended; what became of it in one of a few words.
    pub fn wrote(&self, change: Change, outcome: &'static str) {
        let change = match change {
            Change::Point { .. } => "point",
            Change::Seal { .. } => "seal",
            Change::Scale { .. } => "scale",
            Change::Floor { .. } => "floor",
        };
        self.writes.with_label_values(&[change, outcome]).inc();
    }

    /// Services were pointed elsewhere together, the last so long after the first.
    pub fn skewed(&self, skew: Duration) {
        self.skew.observe(skew.as_secs_f64());
    }

    /// A gate has given an answer.
    pub(crate) fn gate_answered(&self, gate: &Gate, answer: &Answer) {
        // A person's approval is read, and not asked for.
        let Some(kind) = gate.kind().filter(|kind| *kind != Kind::Approval) else { return };
        let answer = match answer {
            Answer::Good => "good",
            Answer::Bad(_) => "bad",
            Answer::Unknown(_) => "unknown",
        };
        self.gate_answers.with_label_values(&[kind.word(), answer]).inc();
    }

    /// Something was told, or could not be.
    pub(crate) fn told(&self, to: &'static str, what: Told, count: u64) {
        self.news.with_label_values(&[to, what.label()]).inc_by(count);
    }
}

impl Told {
    const fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}
