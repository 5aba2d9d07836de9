//! Nothing is under way.

use super::planner::{Next, Planner, Why};
use crate::{Colour, Phase, Reason};

// Stable => (Preparing | Switching | SwitchingBack | Held)
pub(super) fn stable(plan: &mut Planner<'_>) -> Next {
    // What somebody else has pointed away and back is judged by its endpoints once they show it again.
    drop(plan.unproven(plan.to()));
    plan.follow_the_rolling_update();
    if let Some(broken) = plan.broken() {
        return plan.go_back_broken(broken);
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    plan.take_over();
    let wish = plan.spec.active;
    if plan.all_at(wish) {
        return Next::Stay(plan.housekeeping(wish));
    }
    if plan.spec.paused {
        return Next::Stay(Reason::Paused.into());
    }
    if plan.failed_before(wish).is_some() {
        return Next::Go(Phase::Held);
    }
    release(plan, wish)
}

/// A release begins: at once if that side served last and still stands, else with gates.
pub(super) fn release(plan: &mut Planner<'_>, wish: Colour) -> Next {
    let undo = plan.can_undo(wish);
    plan.begin(wish);
    if !undo {
        return Next::Go(Phase::Preparing);
    }
    plan.freeze();
    plan.status.undo = true;
    plan.read();
    Next::Store(Phase::Switching, Reason::Checking.into())
}

impl Planner<'_> {
    /// Why this wish is not tried again: it failed as it is.
    pub(super) fn failed_before(&self, wish: Colour) -> Option<Why> {
        let failed = self
            .status
            .failed
            .as_ref()
            .filter(|failed| failed.to == wish && failed.attempt == self.spec.attempt)?;
        let gate = failed.gate_name.as_ref().map(|name| self.gate_hash(name));
        let same = failed.template == self.templates(wish) && failed.gate == gate;
        same.then(|| failed.reason.of(failed.message.clone()))
    }

    /// What is done where nothing is under way: the side that lost the traffic, or did not get it, ends what it has begun,
    /// and shrinks.
    pub(super) fn housekeeping(&mut self, serving: Colour) -> Why {
        let idle = serving.other();
        for side in self.pairs().filter_map(|pair| pair.seen.side(serving)) {
            self.unfloor(side);
        }
        if self.status.to == Some(serving) {
            self.keep_the_way_back();
        }
        self.scale_what_is_referenced(idle);
        // A release that did not come to its first write leaves a side that has served shortly before, or not at all.
        let left = self.status.draining_since.is_some() || self.status.to == Some(idle);
        if left && self.status.drained_at.is_none() && self.undrained(idle).is_none() {
            self.status.drained_at = Some(self.now);
        }
        match self.status.drained_at.map(|at| at.after(self.spec.idle.after)) {
            Some(at) if self.now < at && self.keeps(crate::rule::Rule::WayBackOpen) => self.wake(at),
            Some(_) if !self.spec.paused => return self.shrink(idle),
            _ => {}
        }
        Reason::Switched.into()
    }
}
