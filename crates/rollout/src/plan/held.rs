//! Nothing is done until somebody changes something; what breaks still goes back.

use super::planner::{Next, Planner, Why};
use crate::{Phase, Reason};

impl Planner<'_> {
    /// Stays where it is, for this reason.
    pub(super) fn hold(&mut self, why: Why) -> Next {
        if self.status.phase != Phase::Held {
            self.enter(Phase::Held);
        }
        self.end_deadline();
        self.follow_foreign();
        Next::Stay(why)
    }
}

// Held => (what it was held in | Stable | SwitchingBack)
pub(super) fn held(plan: &mut Planner<'_>) -> Next {
    match plan.at() {
        Phase::SwitchingBack => Next::Go(Phase::SwitchingBack),
        _ if plan.begun() => held_after_the_first_write(plan),
        _ => held_before(plan),
    }
}

/// Nothing of this release points at the new side.
fn held_before(plan: &mut Planner<'_>) -> Next {
    if let Some(broken) = plan.broken() {
        return plan.go_back_broken(broken);
    }
    if plan.dark_after_going_back() {
        (plan.status.draining_since, plan.status.drained_at) = (None, None);
        return Next::Go(Phase::SwitchingBack);
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    let wish = plan.spec.active;
    match plan.failed_before(wish) {
        Some(failed) if !plan.all_at(wish) => {
            plan.housekeeping(wish.other());
            plan.hold(failed)
        }
        // A `Point` may be in flight, or not yet be seen.
        _ if plan.at() == Phase::Switching && plan.seal() => Next::Stay(Reason::Sealing.into()),
        _ => Next::Go(Phase::Stable),
    }
}

/// Traffic is at the new side, and was left there.
fn held_after_the_first_write(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    plan.keep_the_way_back();
    match plan.failed_before(plan.to()) {
        Some(failed) => plan.hold(failed),
        None => {
            plan.name_the_release();
            Next::Go(plan.at())
        }
    }
}
