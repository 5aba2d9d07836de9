//! The old side ends what it has begun.

use super::{
    planner::{Next, Planner, Why},
    stable::release,
};
use crate::{Colour, Phase, Reason, Switch, observed::Route, rule::Rule};

// Draining => (Stable | Switching | Preparing | SwitchingBack | Held)
pub(super) fn draining(plan: &mut Planner<'_>) -> Next {
    let (to, wish) = (plan.to(), plan.spec.active);
    if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    plan.keep_the_way_back();
    let wished_back = wish != to && plan.keeps(Rule::WishChanges);
    if wished_back && (!plan.spec.paused || plan.can_undo(wish)) {
        plan.record(Reason::Aborted);
        return release(plan, wish);
    }
    if let Some(why) = plan.undrained(to.other()) {
        return Next::Stay(why);
    }
    plan.status.failed = None;
    plan.record(Reason::Switched);
    plan.status.drained_at = Some(plan.now);
    Next::Go(Phase::Stable)
}

impl Planner<'_> {
    /// What a side still has to end: nothing if every pod shows zeros and the least time has passed, or the most has, since it is
    /// no Service's endpoint any more.
    pub(super) fn undrained(&mut self, colour: Colour) -> Option<Why> {
        let listed = |route: &Route| route.evidence.iter().any(|endpoint| endpoint.colour == Some(colour));
        if let Some((_, name, _)) = self.routes().find(|(_, _, route)| listed(route)) {
            self.status.draining_since = None;
            return Some(Reason::OldSideDraining.of(format!("Service {name} still lists its pods")));
        }
        let since = *self.status.draining_since.get_or_insert(self.now);
        let (least, most) = (since.after(self.spec.drain.min), since.after(self.spec.drain.max));
        let mut sides = self.pairs().filter_map(|pair| pair.seen.side(colour));
        let busy = sides.find_map(|side| side.pods.iter().find(|pod| !pod.drained));
        if self.now >= most || (self.now >= least && busy.is_none()) {
            return None;
        }
        self.wake(if self.now < least { least.min(most) } else { most });
        let detail =
            busy.map_or_else(|| format!("until {least}"), |pod| format!("{}, until {most}", pod.name));
        Some(Reason::OldSideDraining.of(detail))
    }

    /// Writes this release's switch into the history.
    pub(super) fn record(&mut self, outcome: Reason) {
        let to = self.to();
        let sides = self.pairs().filter_map(|pair| pair.seen.side(to));
        let images = sides
            .flat_map(|side| side.images.iter())
            .take(16)
            .map(|image| image.chars().take(256).collect())
            .collect();
        let failed = self.status.failed.as_ref().filter(|failed| failed.reason == outcome);
        let message = failed.map_or_else(String::new, |failed| failed.message.chars().take(256).collect());
        let (from, began, ended) = (to.other(), self.status.began, self.now);
        self.status.history.insert(0, Switch { from, to, images, began, ended, outcome, message });
        self.status.history.truncate(10);
    }

    /// The old side keeps its size, also if somebody scales it down or an autoscaler would.
    pub(super) fn keep_the_way_back(&mut self) {
        if !self.status.way_back || !self.keeps(Rule::WayBackOpen) {
            return;
        }
        let old = self.to().other();
        for pair in self.pairs() {
            let full = self.workload(&pair.spec.name).map_or(0, |known| known.full);
            let Some(side) = pair.seen.side(old) else { continue };
            self.floor(side, full);
            if side.replicas < full {
                self.scale(pair, old, side, full);
            }
        }
    }
}
