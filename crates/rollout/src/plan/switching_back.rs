//! The Services are pointed at the old side again. It never waits for the new one.

use super::planner::{Next, Planner, Why};
use crate::{Phase, Reason};

// SwitchingBack => (Stable | Held)
pub(super) fn switching_back(plan: &mut Planner<'_>) -> Next {
    let old = plan.to().other();
    let cause = plan.status.cause.unwrap_or(Reason::Incomplete);
    match plan.bring_back(old) {
        Err(stuck) => return plan.hold(stuck),
        Ok(true) => return Next::Stay(plan.on_the_way_back(cause, String::new())),
        Ok(false) => plan.keep_the_way_back(),
    }
    if plan.seal() {
        return Next::Stay(Reason::Sealing.into());
    }
    if let Some(obstacle) = plan.obstacle() {
        return plan.hold(obstacle);
    }
    if let Some(why) = plan.unproven(old) {
        return Next::Stay(plan.on_the_way_back(cause, why.detail));
    }
    plan.record(cause);
    plan.thaw();
    plan.status.drained_at = None;
    plan.status.draining_since = Some(plan.now);
    Next::Go(Phase::Stable)
}

impl Planner<'_> {
    /// Why the traffic goes back, and what is still awaited.
    fn on_the_way_back(&self, cause: Reason, awaited: String) -> Why {
        let failed = self.status.failed.as_ref().filter(|failed| failed.reason == cause);
        let words = failed.map(|failed| failed.message.clone()).into_iter().chain([awaited]);
        let words: Vec<_> = words.filter(|words| !words.is_empty()).collect();
        cause.of(words.join("; "))
    }
}
