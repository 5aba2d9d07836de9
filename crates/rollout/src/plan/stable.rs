//! Nothing is under way.

use super::planner::{Next, Planner, Why};
use crate::{Colour, Phase, Reason, rule::Rule};

// Stable => (Preparing | Switching | SwitchingBack | Held)
pub(super) fn stable(plan: &mut Planner<'_>) -> Next {
    if let Some(broken) = plan.broken() {
        return plan.go_back(broken);
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    let wish = plan.spec.active;
    if plan.all_at(wish) {
        return Next::Stay(plan.housekeeping(wish));
    }
    if plan.spec.paused {
        return Next::Stay(Reason::Paused.into());
    }
    if let Some(failed) = plan.failed_before(wish) {
        return plan.hold(failed);
    }
    release(plan, wish)
}

/// A release begins: at once if that side served last and still stands, else with gates.
pub(super) fn release(plan: &mut Planner<'_>, wish: Colour) -> Next {
    let at_once = plan.can_undo(wish);
    plan.begin(wish);
    if at_once {
        return Next::Store(Phase::Switching, Reason::Checking.into());
    }
    Next::Go(Phase::Preparing)
}

impl Planner<'_> {
    /// Whether the side has served last, with this template, and is ready at full size; and the release that it has to
    /// undo has come to its end there.
    fn can_undo(&self, wish: Colour) -> bool {
        self.status.way_back
            && self.status.to == Some(wish.other())
            && self.all_at(wish.other())
            && self.pairs().all(|pair| {
                let served = self.workload(&pair.spec.name).map(|known| known.served.as_str());
                pair.seen.side(wish).is_some_and(|side| Some(side.template.as_str()) == served)
            })
            && self.unready(wish).is_none()
    }

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

    /// What is done where nothing is under way: the side that lost the traffic ends what it has begun, and shrinks.
    pub(super) fn housekeeping(&mut self, serving: Colour) -> Why {
        for pair in self.pairs() {
            if let Some(side) = pair.seen.side(serving).filter(|_| self.status.phase == Phase::Stable) {
                self.unfloor(side);
            }
        }
        self.scale_what_is_referenced(serving.other());
        if self.status.drained_at.is_none()
            && self.status.draining_since.is_some()
            && self.drain_is_over(serving.other())
        {
            self.status.drained_at = Some(self.now);
        }
        let idle = self.status.drained_at.map(|at| at.after(self.spec.idle.after));
        match idle {
            Some(at) if self.now >= at || !self.keeps(Rule::WayBackOpen) => self.shrink(serving.other()),
            Some(at) => {
                self.wake(at);
                Reason::Switched.into()
            }
            None => Reason::Switched.into(),
        }
    }
}
