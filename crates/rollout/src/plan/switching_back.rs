//! The Services are pointed at the old side again. It never waits for the new one.

use super::{
    planner::{Next, Planner, Why},
    sides::serving,
};
use crate::{Colour, Phase, Reason};

// SwitchingBack => (Stable | Held); the failed side ends what it has begun before that.
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
    if let Some(why) = plan.lost(old) {
        return plan.hold(why);
    }
    if let Some(why) = plan.unproven(old) {
        plan.status.draining_since = None;
        return Next::Stay(plan.on_the_way_back(cause, why.detail));
    }
    if let Some(why) = plan.undrained(plan.to()) {
        return Next::Stay(plan.on_the_way_back(cause, format!("{} {}", why.reason.sentence(), why.detail)));
    }
    if plan.status.way_back || plan.status.began.is_some() {
        plan.record(cause);
        plan.status.began = None;
    }
    plan.thaw();
    plan.status.drained_at = Some(plan.now);
    Next::Go(Phase::Stable)
}

impl Planner<'_> {
    /// What the side that the traffic went back to lacks, if it has no ready pod any more.
    fn lost(&self, old: Colour) -> Option<Why> {
        self.pairs().find_map(|pair| {
            let (here, there) = (serving(pair.seen.side(old)), serving(pair.seen.side(old.other())));
            let carries = pair.routes().any(|(name, route)| self.ours_at(name, route, old));
            let reason = if there == 0 { Reason::BothSidesUnready } else { Reason::OldSideUnready };
            let name = &pair.declared(old).deployment;
            (carries && here == 0).then(|| reason.of(format!("{name}: no pod is ready")))
        })
    }

    /// Whether a side that the traffic went back to has gone dark, while the failed one still stands beside it.
    pub(super) fn dark_after_going_back(&mut self) -> bool {
        let to = self.to();
        let went_back = self.at() == Phase::Stable && self.status.cause.is_some();
        let routes: Vec<_> = self.routes().filter(|_| went_back).collect();
        routes.into_iter().any(|(pair, name, route)| {
            let stands = pair.seen.side(to).is_some_and(|side| side.replicas > 0);
            let lost = serving(pair.seen.side(to.other())) == 0;
            stands && lost && self.ours_at(name, route, to.other()) && self.dark(name)
        })
    }

    /// Why the traffic goes back, and what is still awaited.
    fn on_the_way_back(&self, cause: Reason, awaited: String) -> Why {
        let failed = self.status.failed.as_ref().filter(|failed| failed.reason == cause);
        let words = failed.map(|failed| failed.message.clone()).into_iter().chain([awaited]);
        let words: Vec<_> = words.filter(|words| !words.is_empty()).collect();
        cause.of(words.join("; "))
    }
}
