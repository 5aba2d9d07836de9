//! The new side is scaled up and gets ready.

use super::planner::{Next, Planner, Why};
use crate::{OnFailure, Phase, Reason, rule::Rule};

// Preparing => (Gating | Stable | Held)
pub(super) fn preparing(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = before_the_first_write(plan) {
        return next;
    }
    plan.stop_deadline(plan.spec.paused);
    if plan.spec.paused {
        return Next::Stay(Reason::Paused.into());
    }
    for pair in plan.pairs() {
        plan.raise(pair, plan.to());
    }
    match plan.unready(plan.to()) {
        None => Next::Go(Phase::Gating),
        Some(why) => plan.late_or(why),
    }
}

/// What may happen at any moment before anything points at the new side.
pub(super) fn before_the_first_write(plan: &mut Planner<'_>) -> Option<Next> {
    if let Some(obstacle) = plan.obstacle() {
        return Some(plan.hold(obstacle));
    }
    if plan.spec.active != plan.to() && plan.keeps(Rule::WishChanges) {
        plan.status.deadline = None;
        return Some(Next::Go(Phase::Stable));
    }
    plan.take_over();
    if plan.keeps(Rule::TemplateChanges)
        && (plan.template_changed() || plan.spec.attempt != plan.status.release_attempt)
    {
        plan.begin(plan.to());
        if plan.status.phase != Phase::Preparing {
            return Some(Next::Go(Phase::Preparing));
        }
    }
    None
}

impl Planner<'_> {
    /// Waits for what is missing, or fails at the deadline.
    pub(super) fn late_or(&mut self, why: Why) -> Next {
        if !self.late() {
            return Next::Stay(why);
        }
        let detail = if why.detail.is_empty() { why.reason.sentence().to_owned() } else { why.detail };
        self.fail(Reason::DeadlineExceeded, detail.clone(), None);
        self.failed(Reason::DeadlineExceeded.of(detail))
    }

    /// A gate has failed, or the deadline has passed: the traffic goes back if it came from there, unless it shall stay.
    pub(super) fn failed(&mut self, why: Why) -> Next {
        if self.begun() && self.status.way_back && self.spec.on_failure == OnFailure::SwitchBack {
            self.go_back(why)
        } else {
            self.hold(why)
        }
    }
}
