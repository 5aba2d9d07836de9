//! The gates before the switch are asked.

use super::{
    gates::Verdict,
    planner::{Next, Planner},
    preparing::{before_the_first_write, late_or},
};
use crate::{Phase, Reason, rule::Rule};

// Gating => (Preparing | Switching | Stable | Held)
pub(super) fn gating(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = before_the_first_write(plan) {
        return next;
    }
    if plan.unready(plan.to()).is_some() {
        return Next::Go(Phase::Preparing);
    }
    for pair in plan.pairs() {
        plan.raise(pair, plan.to());
        plan.keep_the_way_back(pair);
    }
    let spec = plan.spec;
    let verdict = if plan.keeps(Rule::GatesBefore) { plan.ask(&spec.gates.before) } else { Verdict::Passed };
    match verdict {
        Verdict::Failed { gate, why } => {
            plan.fail(Reason::GateFailed, why.clone(), Some(gate));
            plan.hold(Reason::GateFailed.of(why))
        }
        Verdict::Asked(why) => {
            plan.stop_deadline(why.reason == Reason::ApprovalMissing || plan.spec.paused);
            late_or(plan, why)
        }
        Verdict::Passed if plan.spec.paused => Next::Stay(Reason::Paused.into()),
        Verdict::Passed => {
            plan.freeze();
            plan.read();
            if plan.keeps(Rule::StoredFirst) {
                Next::Store(Phase::Switching, Reason::Checking.into())
            } else {
                Next::Go(Phase::Switching)
            }
        }
    }
}
