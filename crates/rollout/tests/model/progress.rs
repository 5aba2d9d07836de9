//! Progress: where our own moves and those of a well cluster lead, if nobody else does anything.

use rollout::{Phase, Reason};

use crate::{
    mind::Mind,
    operator,
    state::{Life, State, side, workload},
};

/// Whether what holds of each state does.
pub(crate) fn outage(mind: &Mind<'_>, state: &State) -> Option<&'static str> {
    let (world, truth, status) = (mind.world, state.truth(), mind.status(state.status));
    if !world.foreign.is_empty() {
        return None;
    }
    let at = |service: usize| truth.services.ours[service].points_at;
    if world.budget.breaks == 0 && world.services().any(|service| truth.slices[service] == 0) {
        return Some("a Service has no ready endpoint, though no pod broke");
    }
    let switched = status.to.filter(|&to| {
        to == state.wish.active && status.phase == Phase::Stable && status.drained_at.is_some()
    });
    let mixed = |to| {
        world.services().all(|service| at(service) == Some(to))
            && world.services().any(|service| truth.slices[service] >> (to.other() as usize * 3) & 7 != 0)
    };
    switched
        .is_some_and(mixed)
        .then_some("rule 3: it is Stable, and a Service still lists pods of the side that lost the traffic")
}

/// Why it must not end here.
pub(crate) fn dead_end(mind: &mut Mind<'_>, state: &State) -> Option<&'static str> {
    let reason = operator::decide(mind, state).reason;
    let (world, truth, status) = (mind.world, state.truth(), mind.status(state.status));
    let ready = |side: usize| truth.pods[side].iter().filter(|pod| pod.life == Life::Ready).count();
    let ours = |service: usize| truth.services.ours[service];
    let wished = world.services().all(|service| ours(service).points_at == Some(state.wish.active));
    let dark = world
        .services()
        .any(|service| ours(service).points_at.is_none_or(|at| ready(side(workload(service), at)) == 0));
    let waits = match status.phase {
        Phase::Stable => wished || reason == Some(Reason::Paused),
        Phase::Held => true,
        Phase::Preparing | Phase::Gating => matches!(reason, Some(Reason::Paused | Reason::ApprovalMissing)),
        Phase::Verifying => reason == Some(Reason::ApprovalMissing),
        Phase::SwitchingBack => dark,
        Phase::Switching | Phase::Draining => false,
    };
    if !waits {
        return Some("it ends here, and nothing that would end this wait is named");
    }
    let left = world.services().any(|service| {
        let seen = ours(service);
        let Some(at) = seen.points_at.filter(|_| !seen.is_foreign()) else { return false };
        let (here, there) = (side(workload(service), at), side(workload(service), at.other()));
        status.way_back && status.to == Some(at) && ready(here) == 0 && ready(there) > 0
    });
    if left {
        return Some("rule 5: the traffic stays at a side that has no ready pod, and the other one has one");
    }
    let empty = |service: usize| {
        let seen = ours(service);
        seen.is_foreign()
            && seen.points_at.is_some_and(|at| truth.deployments[side(workload(service), at)].replicas == 0)
    };
    let scaled = world.foreign.contains(&crate::world::Foreign::Scale);
    if !scaled && world.services().any(empty) {
        return Some("rule 6: a Service selects a side that stays without replicas");
    }
    let serves = |service: usize| !ours(service).is_foreign() && ours(service).points_at == status.to;
    let stands = |service: usize| status.to.is_some_and(|to| ready(side(workload(service), to.other())) > 0);
    let under_way = status.held_in.is_some_and(|at| at != Phase::Stable);
    let gone = world.services().any(|service| ours(service).gone);
    if gone
        && under_way
        && status.way_back
        && world.services().any(|service| serves(service) && stands(service))
    {
        return Some("rule 8: a Service is gone, and the others do not go back");
    }
    let settled = status.phase == Phase::Stable && wished;
    let shows =
        |preview: usize| !ours(preview).is_foreign() && ours(preview).points_at == Some(state.wish.active);
    if settled && world.previews().any(shows) {
        return Some("the preview shows the side that serves");
    }
    let idle = |workload: usize| side(workload, state.wish.active.other());
    let referred = |side: usize| truth.services.other.is_some_and(|other| usize::from(other) == side);
    if settled
        && world
            .workloads()
            .any(|workload| referred(idle(workload)) && truth.deployments[idle(workload)].replicas == 0)
    {
        return Some("rule 4: a side that a Service selects stays without replicas");
    }
    let large = |side: usize| truth.deployments[side].replicas > 0 && !referred(side);
    if settled
        && !state.wish.paused
        && status.drained_at.is_some()
        && world.workloads().any(|workload| large(idle(workload)))
    {
        return Some("the side that lost the traffic never shrinks");
    }
    None
}
