//! Nothing is done until somebody changes something; what breaks still goes back.

use super::planner::{Next, Planner, Why};
use crate::{Phase, Reason, rule::Rule};

impl Planner<'_> {
    /// Stays where it is, for this reason.
    pub(super) fn hold(&mut self, why: Why) -> Next {
        if self.status.phase != Phase::Held {
            self.enter(Phase::Held);
        }
        self.follow_foreign();
        Next::Stay(why)
    }
}

// Held => (what it was held in | Stable | Preparing | SwitchingBack)
pub(super) fn held(plan: &mut Planner<'_>) -> Next {
    match plan.status.held_in.unwrap_or_default() {
        Phase::SwitchingBack => Next::Go(Phase::SwitchingBack),
        Phase::Switching | Phase::Verifying | Phase::Draining => held_after_the_first_write(plan),
        Phase::Stable | Phase::Preparing | Phase::Gating | Phase::Held => held_before(plan),
    }
}

/// Nothing of this release points at the new side.
fn held_before(plan: &mut Planner<'_>) -> Next {
    if let Some(broken) = plan.broken() {
        return plan.go_back(broken);
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    let wish = plan.spec.active;
    if plan.all_at(wish) {
        return Next::Go(Phase::Stable);
    }
    match plan.failed_before(wish) {
        Some(failed) => {
            plan.housekeeping(wish.other());
            plan.hold(failed)
        }
        None => Next::Go(Phase::Stable),
    }
}

/// Traffic is at the new side, and was left there.
fn held_after_the_first_write(plan: &mut Planner<'_>) -> Next {
    if let Some(broken) = plan.broken() {
        return plan.go_back(broken);
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    if plan.spec.active != plan.to() && plan.keeps(Rule::WishChanges) {
        return plan.go_back(Reason::Aborted.into());
    }
    if plan.template_changed() {
        return plan.go_back(Reason::TemplateChanged.into());
    }
    for pair in plan.pairs() {
        plan.keep_the_way_back(pair);
    }
    match plan.failed_before(plan.to()) {
        Some(failed) => plan.hold(failed),
        None => {
            plan.status.release_attempt = plan.spec.attempt;
            plan.status.gates.retain(|gate| gate.state == crate::GateState::Passed);
            plan.restart_deadline();
            Next::Go(plan.status.held_in.unwrap_or_default())
        }
    }
}
