//! What there is to see of a circuit breaker.

use super::{Breaker, Family, Observed, Reading, Show};
use crate::clock::Clock;

pub(super) const FAMILIES: &[&Family] = &[&STATE, &TRANSITIONS, &REFUSED];

static STATE: Family = Family::gauge(
    "mesh_circuit_breaker_state",
    &["state"],
    "Which state, or mode, the circuit breaker is in: 1 for that one, the others 0.",
);
static TRANSITIONS: Family = Family::counter(
    "mesh_circuit_breaker_transitions_total",
    &["state", "reason"],
    "How often the circuit breaker came to be in a state, and why.",
);
static REFUSED: Family = Family::counter(
    "mesh_circuit_breaker_refused_total",
    &[],
    "Calls that were not made, since the circuit was open; in the mode `observe`, would not have been.",
);

/// As [`Snapshot::label`](crate::circuit_breaker::Snapshot::label) has them.
const STATES: [&str; 6] = ["closed", "open", "half_open", "forced_open", "forced_closed", "observe"];

impl<C: Clock> Show for Observed<C> {
    const LAYER: &'static str = "circuit_breaker";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.handle.snapshot();
        for state in STATES {
            reading.count(&STATE, &[state], u64::from(state == seen.label()));
        }
        for ((state, reason), times) in self.transitions.counts() {
            reading.count(&TRANSITIONS, &[state, reason], times);
        }
        reading.count(&REFUSED, &[], seen.refused);
        let next_probe_ms = seen.next_probe.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        reading.breaker(Breaker {
            state: seen.label().to_owned(),
            since: reading.ago(seen.since),
            reason: seen.reason.map(|reason| reason.label().to_owned()),
            next_probe_ms,
            refused: seen.refused,
            ..Breaker::default()
        });
    }
}
