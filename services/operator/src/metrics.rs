//! What the operator counts and measures, for `/metrics`. Every label has a fixed set of values, but for those of
//! the API server's answers, which are its status codes.

use prometheus::{IntCounterVec, Opts, Registry, TextEncoder};
use rollout::{Gate, Kind, observed::Answer};

/// The operator's metrics. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    gate_answers: IntCounterVec,
}

impl Metrics {
    /// All of them, at zero.
    ///
    /// # Errors
    /// Never: no two have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let help = "Answers of gates, by the gate's kind.";
        let gate_answers = IntCounterVec::new(
            Opts::new("switchyard_operator_gate_answers_total", help),
            &["kind", "answer"],
        )?;
        registry.register(Box::new(gate_answers.clone()))?;
        Ok(Self { registry, gate_answers })
    }

    /// What `/metrics` shows, in Prometheus' text form.
    ///
    /// # Errors
    /// A metric has no series, or two have the same labels.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// A gate has given an answer.
    pub(crate) fn gate_answered(&self, gate: &Gate, answer: &Answer) {
        let kind = match gate.kind() {
            Some(Kind::Http(_)) => "http",
            Some(Kind::Prometheus(_)) => "prometheus",
            Some(Kind::Breakers(_)) => "breakers",
            Some(Kind::Job(_)) => "job",
            Some(Kind::Approval) | None => return,
        };
        let answer = match answer {
            Answer::Good => "good",
            Answer::Bad(_) => "bad",
            Answer::Unknown(_) => "unknown",
        };
        self.gate_answers.with_label_values(&[kind, answer]).inc();
    }
}
