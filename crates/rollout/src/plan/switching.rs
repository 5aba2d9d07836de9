//! The Services are pointed at the new side.

use super::planner::{Next, Planner, Why};
use crate::{Colour, Phase, Reason, rule::Rule};

// Switching => (Verifying | Preparing | SwitchingBack | Held)
pub(super) fn switching(plan: &mut Planner<'_>) -> Next {
    let to = plan.to();
    if !plan.begun() {
        if let Some(next) = not_begun(plan, to) {
            return next;
        }
    } else if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    for pair in plan.pairs() {
        plan.keep_the_way_back(pair);
    }
    if !plan.all_at(to) {
        return point(plan, to);
    }
    if plan.prove(to) {
        plan.status.draining_since.get_or_insert(plan.now);
        return Next::Go(Phase::Verifying);
    }
    Next::Stay(Reason::EvidenceAwaited.into())
}

/// Until something points at the new side, everything can still be called off.
fn not_begun(plan: &mut Planner<'_>, to: Colour) -> Option<Next> {
    if let Some(obstacle) = plan.obstacle() {
        return Some(plan.hold(obstacle));
    }
    let called_off = plan.spec.paused
        || (plan.spec.active != to && plan.keeps(Rule::WishChanges))
        || (plan.template_changed() && plan.keeps(Rule::TemplateChanges))
        || plan.unready(to).is_some();
    called_off.then_some(Next::Go(Phase::Preparing))
}

/// Points those that are not there yet, from a state in which the new side is ready; the first of them directly after that
/// was read from the API server.
fn point(plan: &mut Planner<'_>, to: Colour) -> Next {
    if let Some(why) = plan.unready(to) {
        return Next::Stay(why);
    }
    if plan.keeps(Rule::ReadDirectlyBefore) {
        let Some(live) = plan.read() else { return Next::Stay(Reason::Checking.into()) };
        if let Some(why) = plan.unready_live(to, live) {
            return Next::Stay(why);
        }
        if let Some((service, words)) = live.refused.iter().next() {
            return refused(plan, Reason::WriteRefused.of(format!("Service {service}: {words}")));
        }
    }
    for (pair, name, route) in plan.routes() {
        if route.points_at != Some(to) {
            plan.point(pair, name, route, to);
        }
    }
    Next::Stay(Reason::Pointing.into())
}

fn refused(plan: &mut Planner<'_>, why: Why) -> Next {
    if plan.begun() { plan.go_back(why) } else { plan.hold(why) }
}
