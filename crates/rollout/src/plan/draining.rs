//! The old side ends what it has begun.

use super::{
    planner::{Next, Planner},
    sides::serving,
    stable::release,
};
use crate::{Colour, Phase, Reason, Switch, rule::Rule};

// Draining => (Stable | Switching | Preparing | SwitchingBack | Held)
pub(super) fn draining(plan: &mut Planner<'_>) -> Next {
    let to = plan.to();
    if plan.spec.active != to
        && plan.keeps(Rule::WishChanges)
        && plan.trouble().is_none()
        && !plan.spec.paused
    {
        return release(plan, to.other());
    }
    if let Some(next) = plan.after_the_first_write() {
        return next;
    }
    for pair in plan.pairs() {
        plan.keep_the_way_back(pair);
    }
    if !plan.drain_is_over(to.other()) {
        return Next::Stay(Reason::OldSideDraining.into());
    }
    plan.status.failed = None;
    plan.record(to, Reason::Switched);
    plan.status.drained_at = Some(plan.now);
    Next::Go(Phase::Stable)
}

impl Planner<'_> {
    /// Whether every pod of the side shows zeros and the least time has passed, or the most has.
    pub(super) fn drain_is_over(&mut self, colour: Colour) -> bool {
        let since = *self.status.draining_since.get_or_insert(self.now);
        let (least, most) = (since.after(self.spec.drain.min), since.after(self.spec.drain.max));
        let ended = self
            .pairs()
            .all(|pair| pair.seen.side(colour).is_none_or(|side| side.pods.iter().all(|pod| pod.drained)));
        let over = self.now >= most || (self.now >= least && ended);
        if !over {
            self.wake(if self.now < least { least } else { most });
        }
        over
    }

    /// Writes a switch into the history.
    pub(super) fn record(&mut self, to: Colour, outcome: Reason) {
        let sides = self.pairs().filter_map(|pair| pair.seen.side(to));
        let images = sides
            .flat_map(|side| side.images.iter())
            .take(16)
            .map(|image| image.chars().take(256).collect())
            .collect();
        let began = self.status.services.iter().filter_map(|service| service.pointed_at).min();
        self.status
            .history
            .insert(0, Switch { from: to.other(), to, images, began, ended: self.now, outcome });
        self.status.history.truncate(10);
    }

    /// The old side keeps its size, also if somebody scales it down or an autoscaler would.
    pub(super) fn keep_the_way_back(&mut self, pair: super::planner::Pair<'_>) {
        let full = self.workload(&pair.spec.name).map_or(0, |known| known.full);
        let old = self.to().other();
        let Some(side) = pair.seen.side(old).filter(|_| self.keeps(Rule::WayBackOpen)) else { return };
        let size = full.max(serving(None)).max(1);
        self.floor(side, size.max(side.replicas));
        if full > side.replicas {
            self.scale(pair, old, side, full);
        }
    }

    /// From now on the sizes are those that the switch began with.
    pub(super) fn freeze(&mut self) {
        let sizes: Vec<_> = self.pairs().map(|pair| self.size(pair, self.to())).collect();
        for (known, size) in self.status.workloads.iter_mut().zip(sizes) {
            known.full = size;
        }
        self.restart_deadline();
    }
}
