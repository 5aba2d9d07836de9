//! The gates before the switch are asked.

use super::{
    gates::Verdict,
    planner::{Next, Planner},
    preparing::before_the_first_write,
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
    }
    let (spec, paused) = (plan.spec, plan.spec.paused);
    let verdict = if plan.keeps(Rule::GatesBefore) { plan.ask(&spec.gates.before) } else { Verdict::Passed };
    plan.stop_deadline(paused || verdict.waits_for_a_person());
    match verdict {
        Verdict::Failed(why) => plan.failed(why),
        Verdict::Asked(why) => plan.late_or(why),
        Verdict::Passed if paused => Next::Stay(Reason::Paused.into()),
        Verdict::Passed => {
            plan.freeze();
            plan.read();
            Next::Store(Phase::Switching, Reason::Checking.into())
        }
    }
}
