//! The Services are pointed at the old side again. It never waits for the new one.

use super::planner::{Next, Planner};
use crate::{Phase, Reason};

// SwitchingBack => (Stable | Held)
pub(super) fn switching_back(plan: &mut Planner<'_>) -> Next {
    let old = plan.to().other();
    if let Some(stuck) = plan.bring_back() {
        return plan.hold(stuck);
    }
    if !plan.writes.is_empty() || !plan.prove(old) {
        plan.again_if_dark();
        return Next::Stay(Reason::EvidenceAwaited.of(format!("back to {old}")));
    }
    let cause = plan.status.cause.unwrap_or(Reason::Incomplete);
    plan.record(plan.to(), cause);
    plan.status.way_back = false;
    plan.status.deadline = None;
    plan.status.drained_at = None;
    plan.status.draining_since = Some(plan.now);
    Next::Go(Phase::Stable)
}
