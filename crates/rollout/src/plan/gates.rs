//! The gates: one after the other, each asked until it passes or fails.

use super::planner::{Planner, Why, hash};
use crate::{Gate, GateState, GateStatus, Kind, Reason, Span};

/// What several gates say.
pub(super) enum Verdict {
    /// All have passed.
    Passed,
    /// One is asked.
    Asked(Why),
    /// One has failed, which is remembered.
    Failed(Why),
}

impl Verdict {
    /// Whether only a person is waited for.
    pub(super) fn waits_for_a_person(&self) -> bool {
        matches!(self, Self::Asked(why) if why.reason == Reason::ApprovalMissing)
    }
}

impl Planner<'_> {
    /// Asks them in order. One that has passed for this release is not asked again.
    pub(super) fn ask(&mut self, gates: &[Gate]) -> Verdict {
        for gate in gates {
            if self
                .status
                .gates
                .iter()
                .any(|known| known.name == gate.name && known.state == GateState::Passed)
            {
                continue;
            }
            match self.heard(gate) {
                Ok(None) => self.note(gate, GateState::Passed, ""),
                Ok(Some(why)) => {
                    self.note(gate, GateState::Running, &why.detail);
                    return Verdict::Asked(why);
                }
                Err(why) => {
                    self.note(gate, GateState::Failed, &why);
                    let known = (gate.name.clone(), self.gate_hash(&gate.name));
                    let why = format!("gate {}: {why}", gate.name);
                    self.fail(Reason::GateFailed, why.clone(), Some(known));
                    return Verdict::Failed(Reason::GateFailed.of(why));
                }
            }
        }
        Verdict::Passed
    }

    /// Passed, or what it waits for; or why it failed.
    fn heard(&self, gate: &Gate) -> Result<Option<Why>, String> {
        let name = &gate.name;
        let Some(kind) = gate.kind() else {
            return Ok(Some(Reason::Illegal.of(format!("gate {name} has not exactly one kind"))));
        };
        if kind == Kind::Approval {
            let given = self.seen.approvals.get(name);
            return Ok(match given {
                Some(given) if Some(given) == self.status.release.as_ref() => None,
                Some(other) => {
                    Some(Reason::ApprovalMissing.of(format!("gate {name}: the approval is for {other}")))
                }
                None => Some(Reason::ApprovalMissing.of(format!("gate {name}"))),
            });
        }
        let Some(answers) = self.answers(name) else {
            return Ok(Some(Reason::GateRunning.of(format!("gate {name}"))));
        };
        if let Some(bad) = &answers.bad {
            return Err(bad.clone());
        }
        let lasts = gate.lasts().unwrap_or_default();
        // A release may come to a gate again under the same name: what was good before does not count for its time.
        let running = self.status.gates.iter().find(|known| known.name == *name).map(|known| known.since);
        let least = running.unwrap_or(self.now).after(lasts);
        let passed = answers.good_since.zip(answers.asked).is_some_and(|(since, asked)| {
            asked.is_past(since, lasts) && (lasts == Span::default() || asked >= least)
        });
        let unknown = answers.unknown.as_deref().map_or_else(String::new, |why| format!(": {why}"));
        Ok((!passed).then(|| Reason::GateRunning.of(format!("gate {name}{unknown}"))))
    }

    fn note(&mut self, gate: &Gate, state: GateState, message: &str) {
        let message: String = message.chars().take(256).collect();
        let since = self.now;
        match self.status.gates.iter_mut().find(|known| known.name == gate.name) {
            Some(known) if known.state == state => known.message = message,
            Some(known) => *known = GateStatus { name: gate.name.clone(), state, since, message },
            None => self.status.gates.push(GateStatus { name: gate.name.clone(), state, since, message }),
        }
    }

    /// The hash of a gate as it is declared now; of nothing if it is not.
    pub(super) fn gate_hash(&self, name: &str) -> String {
        let gates = &self.spec.gates;
        let gate = gates.before.iter().chain(&gates.after).find(|gate| gate.name == name);
        let text = gate.and_then(|gate| serde_json::to_string(gate).ok()).unwrap_or_default();
        hash([text.as_str()])
    }
}
