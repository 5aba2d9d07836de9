//! Never cut a branch that is sat on: rule 4.

use super::planner::{Planner, Why};
use crate::{Colour, Reason, rule::Rule};

impl Planner<'_> {
    /// Scales the idle side down, if no Service selects it by a quorum read of this reconcile.
    pub(super) fn shrink(&mut self, idle: Colour) -> Why {
        let mut why = Reason::Switched.into();
        for pair in self.pairs() {
            let Some(side) = pair.seen.side(idle) else { continue };
            let floor = side.autoscaler.as_ref().map_or(0, crate::observed::Autoscaler::own_min);
            let keeps = self.spec.idle.replicas;
            let least = if keeps == 0 { 0 } else { keeps.max(floor) };
            if side.replicas <= least || !side.references.is_empty() && self.keeps(Rule::NotReferenced) {
                if side.replicas > least {
                    why = Reason::StillReferenced.of(format!(
                        "{} by {}",
                        pair.declared(idle).deployment,
                        side.references.join(", ")
                    ));
                }
                continue;
            }
            let Some(references) = self.read_references(pair, idle) else { return Reason::Checking.into() };
            if !references.is_empty() && self.keeps(Rule::NotReferenced) {
                why = Reason::StillReferenced.of(format!(
                    "{} by {}",
                    pair.declared(idle).deployment,
                    references.join(", ")
                ));
                continue;
            }
            if self.status.way_back && self.keeps(Rule::StoredFirst) {
                // Nobody relies on this side any more, and that is stored before it shrinks.
                self.status.way_back = false;
                self.again();
                return Reason::Checking.into();
            }
            if self.unfloor(side) {
                self.scale(pair, idle, side, least);
            }
        }
        why
    }

    /// A side that a Service selects after it was scaled down is scaled up again.
    pub(super) fn scale_what_is_referenced(&mut self, idle: Colour) {
        for pair in self.pairs() {
            if pair.seen.side(idle).is_some_and(|side| !side.references.is_empty()) {
                self.raise(pair, idle);
            }
        }
    }
}
