//! Whether a plan keeps the rules, judged from what it was made from and without any of the core's own functions.

use rollout::{Colour, Phase, Status};

use crate::{
    mind::{NOW, Question},
    observe,
    state::{Answer, Cluster, FOUR, Life, Pod, SLOTS, Write, colour, endpoint, preview, side, workload},
    world::{DRAIN, GateKind, IDLE, World},
};

type Fault = Option<&'static str>;

/// Everything that a rule is asked about.
struct Case<'a> {
    world: &'a World,
    was: &'a Status,
    asked: &'a Question,
    view: &'a Cluster,
    after: &'a Status,
}

/// Which rule a plan breaks.
pub(crate) fn fault(
    world: &World,
    was: &Status,
    asked: &Question,
    after: &Status,
    writes: &[Write],
) -> Fault {
    let case = Case { world, was, asked, view: &asked.view, after };
    let of_writes = writes.iter().find_map(|&write| match write {
        Write::Point { service, to } => case.point(service.into(), to),
        Write::Scale { side, replicas } => case.scale(side.into(), replicas),
        Write::SealService { .. } | Write::SealSide { .. } => None,
    });
    of_writes
        .or_else(|| case.evidence())
        .or_else(|| case.switch())
        .or_else(|| case.stable())
        .or_else(|| case.broken())
}

impl Case<'_> {
    /// Rules 1, 5, 6, 7 and 8, of one write.
    fn point(&self, service: usize, to: Colour) -> Fault {
        if self.view.services.ours[service].is_foreign() {
            return Some("rule 6: a Service that somebody else has pointed elsewhere is fought over");
        }
        if service >= FOUR {
            return observe::serves(self.world, self.view, workload(service), to)
                .then_some("a preview is pointed at the side that serves");
        }
        if !self.is_sealed() {
            return Some("rule 7: something is pointed or scaled down before all is sealed");
        }
        match (self.after.phase, self.after.held_in) {
            (Phase::Switching, _) => self.forward(to),
            (Phase::SwitchingBack, _) | (Phase::Held, Some(Phase::SwitchingBack)) => self.back(service, to),
            _ => Some("a Service is pointed somewhere in a phase that switches nothing"),
        }
    }

    fn is_sealed(&self) -> bool {
        // What is gone cannot be sealed, and what was sent to it cannot land.
        let there = |service: &usize| !self.view.services.ours[*service].gone;
        let services = self.world.services().filter(there).fold(0, |all, service| all | 1 << service);
        let sides = self.world.sides().fold(0, |all, side| all | 16 << side);
        self.asked.sealed & (services | sides) == services | sides
    }

    fn forward(&self, to: Colour) -> Fault {
        let begun =
            self.world.services().any(|service| self.view.services.ours[service].points_at == Some(to));
        let changed = |workload: usize| {
            let now = self.view.deployments[side(workload, to)].template;
            self.was.workloads[workload].template != observe::template(side(workload, to), now)
        };
        if self.was.phase != Phase::Switching {
            return Some("a `Point` is written before the phase that permits it is stored");
        }
        if self.asked.wish.active != to {
            return Some("rule 8: what is not wished any more is switched to");
        }
        if self.asked.wish.paused && !begun && !self.was.undo {
            return Some("rule 8: a switch is begun while it is paused");
        }
        if self.world.services().any(|service| self.view.services.ours[service].is_foreign()) {
            return Some("rule 6: a switch goes on after a foreign change");
        }
        if self.world.services().any(|service| self.view.services.ours[service].gone) {
            return Some("rule 8: a switch goes on though a Service is gone");
        }
        if self.world.workloads().any(changed) {
            return Some("rule 8: another template is switched to than the release began with");
        }
        let Some(live) =
            self.asked.live.filter(|_| !begun).map(|live| live.pods).or(begun.then_some(self.view.pods))
        else {
            return Some("rule 1: the first `Point` is written without a quorum read of the pods");
        };
        let ready = self.world.workloads().all(|workload| self.ready(workload, to, &live));
        (!ready).then_some("rule 1: a Service is pointed at a side that is not ready")
    }

    /// Rule 1 of a workload, by the caches and by these pods too.
    fn ready(&self, workload: usize, to: Colour, live: &[[Pod; SLOTS]; 4]) -> bool {
        let (new, old) = (side(workload, to), side(workload, to.other()));
        let seen = self.view.deployments[new];
        let wanted = self.view.deployments[old].replicas.max(1);
        seen.settled
            && seen.replicas >= wanted
            && [&self.view.pods, live].into_iter().all(|pods| {
                let there = pods[new].iter().filter(|pod| pod.life != Life::Absent);
                there.clone().count() >= wanted.into()
                    && there.into_iter().all(|pod| pod.life == Life::Ready && pod.template == seen.template)
                    && self.shows(workload, to, &pods[new])
            })
    }

    /// Whether the workload's preview lists all these pods of a side, unless it is the side that serves.
    fn shows(&self, workload: usize, to: Colour, pods: &[Pod; SLOTS]) -> bool {
        let listed = |slot: usize| self.view.slices[preview(workload)] & endpoint(to, slot) != 0;
        !self.world.preview
            || observe::serves(self.world, self.view, workload, to)
            || (0..SLOTS).all(|slot| pods[slot].life == Life::Absent || listed(slot))
    }

    fn back(&self, service: usize, to: Colour) -> Fault {
        if self.was.phase != Phase::SwitchingBack && self.was.held_in != Some(Phase::SwitchingBack) {
            return Some("a `Point` is written before the phase that permits it is stored");
        }
        let workload = workload(service);
        let (there, other) = (self.serving(side(workload, to)), self.serving(side(workload, to.other())));
        if Some(to) == self.after.to {
            return (self.was.returned || other > 0 || there == 0).then_some(
                "rule 5: what went back goes forward again, though not from a side that has no ready pod",
            );
        }
        let recorded =
            self.was.services.iter().filter(|known| known.workload == crate::world::workload_name(workload));
        let recorded = recorded.filter_map(|known| known.recorded).min();
        let wants = i32::from(self.view.deployments[side(workload, to.other())].replicas);
        let needed = recorded.unwrap_or(wants).min(wants).max(1);
        (there < needed && there <= other)
            .then_some("rule 5: a Service goes back to a side that has fewer ready pods than are needed, and no more than the other")
    }

    fn serving(&self, side: usize) -> i32 {
        let ready = self.view.pods[side].iter().filter(|pod| pod.life == Life::Ready).count();
        i32::try_from(ready).expect("at most three")
    }

    /// Rules 3 and 4.
    fn scale(&self, index: usize, replicas: u8) -> Fault {
        if replicas >= self.view.deployments[index].replicas {
            return None;
        }
        if !self.is_sealed() {
            return Some("rule 7: something is pointed or scaled down before all is sealed");
        }
        let Some(live) = self.asked.live else {
            return Some("rule 4: a side is scaled down without a quorum read of the Services");
        };
        let at = |service: usize| live.services.ours[service].points_at == Some(colour(index));
        if self.world.services_of(workload(index)).any(at)
            || live.services.other.is_some_and(|other| usize::from(other) == index)
        {
            return Some("rule 4: a side is scaled down that a Service selects");
        }
        let waited = self.after.drained_at.is_some_and(|at| NOW >= at.after(IDLE));
        if !waited || !matches!(self.after.phase, Phase::Stable | Phase::Held) {
            return Some(
                "rule 3: the way back is closed before the drain is over and `idle.after` has passed",
            );
        }
        None
    }

    /// Rule 2.
    fn evidence(&self) -> Fault {
        let proven = |status: &Status, service: usize| {
            let name = crate::world::service_name(service);
            status.services.iter().any(|known| known.name == name && known.proven)
        };
        let wrong = |service: usize| {
            proven(self.after, service) && !proven(self.was, service) && !self.evident(service)
        };
        let counted = matches!(
            (self.was.phase, self.after.phase),
            (Phase::Switching, Phase::Verifying | Phase::Draining) | (Phase::SwitchingBack, Phase::Stable)
        );
        if self.world.services().any(wrong)
            || counted && !self.world.services().all(|service| proven(self.after, service))
        {
            return Some("rule 2: a switch counts before the endpoints show it");
        }
        None
    }

    fn evident(&self, service: usize) -> bool {
        let Some(at) = self.view.services.ours[service].points_at else { return false };
        let pods = &self.view.pods[side(workload(service), at)];
        let listed =
            |colour| (0..SLOTS).filter(move |&slot| self.view.slices[service] & endpoint(colour, slot) != 0);
        let all = (0..SLOTS).filter(|&slot| pods[slot].life == Life::Ready);
        all.into_iter().all(|slot| listed(at).any(|there| there == slot))
            && listed(at).count() > 0
            && listed(at.other()).count() == 0
    }

    /// Rules 1 and 8: through the gates, or at once to what served last.
    fn switch(&self) -> Fault {
        let goes_on = self.was.held_in == Some(Phase::Switching)
            && self.world.services().any(|service| self.view.services.ours[service].points_at == self.was.to);
        if self.was.phase == Phase::Switching || self.after.phase != Phase::Switching || goes_on {
            return None;
        }
        let same = self.after.release == self.was.release;
        let known = self
            .was
            .gates
            .iter()
            .any(|gate| gate.name == "before" && gate.state == rollout::GateState::Passed);
        let passed =
            self.world.before == GateKind::None || same && (known || self.asked.before == Answer::Good);
        let wish = self.asked.wish.active;
        let served = self.was.way_back
            && self.world.workloads().all(|workload| {
                let now = self.view.deployments[side(workload, wish)].template;
                self.was.workloads[workload].served == observe::template(side(workload, wish), now)
                    && self.ready(workload, wish, &self.view.pods)
            });
        (!passed && !served).then_some("rule 1: a switch begins before its gates have passed")
    }

    /// Rule 3.
    fn stable(&self) -> Fault {
        let ended = self.was.phase == Phase::Draining && self.after.phase == Phase::Stable;
        let old = self.was.to.map_or(Colour::Blue, Colour::other);
        let gone = |workload| self.view.pods[side(workload, old)].iter().all(|pod| pod.life == Life::Absent);
        let over = self.world.drained
            || self.world.workloads().all(gone)
            || self.was.draining_since.is_some_and(|since| NOW >= since.after(DRAIN));
        (ended && !over).then_some("rule 3: it is Stable before the old side is drained")
    }

    /// Rule 5, where there can be no doubt.
    fn broken(&self) -> Fault {
        let under_way =
            |phase| matches!(phase, Phase::Switching | Phase::Verifying | Phase::Draining | Phase::Stable);
        let at = if self.was.phase == Phase::Held { self.was.held_in? } else { self.was.phase };
        let goes_back =
            self.after.phase == Phase::SwitchingBack || self.after.held_in == Some(Phase::SwitchingBack);
        let to = self.was.to?;
        if !under_way(at) || !self.was.way_back || goes_back {
            return None;
        }
        let broken = self.world.services().any(|service| {
            let side = side(workload(service), to);
            let seen = self.view.deployments[side];
            let known =
                &self.was.services.iter().find(|known| known.name == crate::world::service_name(service));
            let Some(recorded) = known.filter(|known| known.proven).and_then(|known| known.recorded) else {
                return false;
            };
            let rolls = !seen.settled
                || self.view.pods[side]
                    .iter()
                    .any(|pod| pod.life != Life::Absent && pod.template != seen.template);
            let ready =
                (0..SLOTS).filter(|&slot| self.view.slices[service] & endpoint(to, slot) != 0).count();
            let ready = i32::try_from(ready).expect("at most three");
            let ours = self.view.services.ours[service];
            // One that was made anew is not the one that was switched: of it only is known whether it is dark.
            let same = ours.points_at == Some(to) && ours.mark == Some(to);
            same && ready < recorded.min(seen.replicas.into()).max(1) && !(rolls && at == Phase::Stable)
        });
        broken.then_some("rule 5: what is broken does not go back at once")
    }
}
