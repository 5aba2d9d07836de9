//! The Services are pointed at the new side.

use super::planner::{Next, Planner, Why};
use crate::{Colour, Phase, Reason, rule::Rule};

// Switching => (Verifying | Preparing | SwitchingBack | Held)
pub(super) fn switching(plan: &mut Planner<'_>) -> Next {
    let to = plan.to();
    plan.stop_deadline(plan.spec.paused);
    let called_off = if plan.begun() { plan.after_the_first_write() } else { not_begun(plan, to) };
    if let Some(next) = called_off {
        return next;
    }
    plan.keep_the_way_back();
    if !plan.all_at(to) {
        return point(plan, to);
    }
    plan.take_over();
    match plan.unproven(to) {
        Some(why) => plan.late_or(why),
        None => {
            plan.status.draining_since.get_or_insert(plan.now);
            Next::Go(Phase::Verifying)
        }
    }
}

/// Until something points at the new side, everything can still be called off; what may be in flight is sealed before.
fn not_begun(plan: &mut Planner<'_>, to: Colour) -> Option<Next> {
    let obstacle = plan.obstacle();
    let called_off = (plan.spec.paused && !plan.status.undo)
        || (plan.spec.active != to && plan.keeps(Rule::WishChanges))
        || (plan.template_changed() && plan.keeps(Rule::TemplateChanges))
        || (plan.unready(to).is_some() && plan.settled(to));
    if (obstacle.is_some() || called_off) && plan.seal() {
        return Some(Next::Stay(Reason::Sealing.into()));
    }
    if let Some(obstacle) = obstacle {
        return Some(plan.hold(obstacle));
    }
    if called_off {
        plan.thaw();
    }
    called_off.then_some(Next::Go(Phase::Preparing))
}

/// Points those that are not there yet, from a state in which the new side is ready; the first of them directly after that
/// was read from the API server.
fn point(plan: &mut Planner<'_>, to: Colour) -> Next {
    if let Some(why) = plan.unready(to) {
        return plan.late_or(why);
    }
    if plan.keeps(Rule::ReadDirectlyBefore) {
        let Some(live) = plan.read() else { return Next::Stay(Reason::Checking.into()) };
        if let Some(why) = plan.unready_live(to, live) {
            return plan.late_or(why);
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
    plan.status.began.get_or_insert(plan.now);
    Next::Stay(Reason::Pointing.into())
}

fn refused(plan: &mut Planner<'_>, why: Why) -> Next {
    if plan.begun() { plan.go_back(why) } else { plan.hold(why) }
}
