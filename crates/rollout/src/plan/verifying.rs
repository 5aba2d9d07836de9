//! The new side serves, and the gates after the switch are asked, while the old one stands ready.

use super::{
    gates::Verdict,
    planner::{Next, Planner},
};
use crate::Phase;

// Verifying => (Draining | SwitchingBack | Held)
pub(super) fn verifying(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    plan.keep_the_way_back();
    let spec = plan.spec;
    let verdict = if plan.status.undo { Verdict::Passed } else { plan.ask(&spec.gates.after) };
    plan.stop_deadline(spec.paused || verdict.waits_for_a_person());
    match verdict {
        Verdict::Failed(why) => plan.failed(why),
        Verdict::Asked(why) => plan.late_or(why),
        Verdict::Passed => {
            plan.end_deadline();
            Next::Go(Phase::Draining)
        }
    }
}
