//! The new side is scaled up and gets ready.

use super::planner::{Next, Planner, Why};
use crate::{Phase, Reason, rule::Rule};

// Preparing => (Gating | Stable | Held)
pub(super) fn preparing(plan: &mut Planner<'_>) -> Next {
    if let Some(next) = before_the_first_write(plan) {
        return next;
    }
    if plan.spec.paused {
        return Next::Stay(Reason::Paused.into());
    }
    for pair in plan.pairs() {
        plan.raise(pair, plan.to());
        plan.keep_the_way_back(pair);
    }
    match plan.unready(plan.to()) {
        None => Next::Go(Phase::Gating),
        Some(why) => late_or(plan, why),
    }
}

/// What may happen at any moment before anything points at the new side.
pub(super) fn before_the_first_write(plan: &mut Planner<'_>) -> Option<Next> {
    if let Some(obstacle) = plan.obstacle() {
        return Some(plan.hold(obstacle));
    }
    if plan.spec.active != plan.to() && plan.keeps(Rule::WishChanges) {
        return Some(dropped(plan));
    }
    if plan.keeps(Rule::TemplateChanges)
        && (plan.template_changed() || plan.spec.attempt != plan.status.release_attempt)
    {
        plan.begin(plan.to());
        if plan.status.phase != Phase::Preparing {
            return Some(Next::Go(Phase::Preparing));
        }
    }
    plan.stop_deadline(plan.spec.paused);
    None
}

/// The release is dropped: the new side shrinks as one that lost the traffic.
fn dropped(plan: &mut Planner<'_>) -> Next {
    plan.status.way_back = false;
    plan.status.drained_at = Some(plan.now);
    plan.status.deadline = None;
    Next::Go(Phase::Stable)
}

/// Waits for what is missing, or fails at the deadline.
pub(super) fn late_or(plan: &mut Planner<'_>, why: Why) -> Next {
    if !plan.late() {
        return Next::Stay(why);
    }
    let detail = if why.detail.is_empty() { why.reason.sentence().to_owned() } else { why.detail };
    plan.fail(Reason::DeadlineExceeded, detail.clone(), None);
    plan.hold(Reason::DeadlineExceeded.of(detail))
}
