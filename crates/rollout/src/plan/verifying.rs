//! The new side serves, and the gates after the switch are asked, while the old one stands ready.

use super::{
    gates::Verdict,
    planner::{Next, Planner},
};
use crate::{OnFailure, Phase, Reason};

// Verifying => (Draining | SwitchingBack | Held)
pub(super) fn verifying(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    for pair in plan.pairs() {
        plan.keep_the_way_back(pair);
    }
    let spec = plan.spec;
    match plan.ask(&spec.gates.after) {
        Verdict::Failed { gate, why } => {
            plan.fail(Reason::GateFailed, why.clone(), Some(gate));
            match spec.on_failure {
                OnFailure::SwitchBack => plan.go_back(Reason::GateFailed.of(why)),
                OnFailure::Hold => plan.hold(Reason::GateFailed.of(why)),
            }
        }
        Verdict::Asked(why) => {
            plan.stop_deadline(why.reason == Reason::ApprovalMissing || spec.paused);
            Next::Stay(why)
        }
        Verdict::Passed => {
            plan.status.deadline = None;
            Next::Go(Phase::Draining)
        }
    }
}
