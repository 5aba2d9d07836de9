//! The Deployment controller, the EndpointSlice controller, and the pods.

use crate::{
    moves::{Move, Steps},
    state::{Life, Pod, SLOTS, State, colour, endpoint, routes_of, side, workload},
    world::World,
};

/// What they may do next.
pub(crate) fn steps(world: &World, steps: &mut Steps) {
    for index in world.sides() {
        deployment(world, steps, index);
        pods(world, steps, index);
    }
    for service in world.routes() {
        endpoints(world, steps, service);
    }
}

/// Rolls with one pod more than wanted, and none less.
fn deployment(world: &World, steps: &mut Steps, index: usize) {
    let seen = steps.from.deployments.truth()[index];
    let side = u8::try_from(index).expect("one of four");
    if !seen.settled {
        let mut next = steps.from;
        let mut all = next.deployments.truth();
        all[index].settled = true;
        next.deployments.publish(all, 1 << index, world.lag);
        next.touched(false, 1 << index);
        steps.add(Move::Settles { side }, next);
        return;
    }
    let pods = steps.from.pods.truth()[index];
    let counts = |pod: &&Pod| !matches!(pod.life, Life::Absent | Life::Deleting);
    let (all, wanted) = (pods.iter().filter(counts).count(), usize::from(seen.replicas));
    let current = pods.iter().filter(counts).filter(|pod| pod.template == seen.template).count();
    let surge = usize::from(current < all && current < wanted);
    if current < wanted && all < wanted + surge {
        create(world, steps, index);
    } else if all > wanted {
        let ready = pods.iter().filter(|pod| pod.life == Life::Ready).count();
        delete(world, steps, index, ready > wanted, current > wanted);
    }
}

/// A pod in a place that no slice still lists.
fn create(world: &World, steps: &mut Steps, index: usize) {
    let mut next = steps.from;
    let routes = routes_of(workload(index));
    let listed = next
        .slices
        .each()
        .iter()
        .fold(0, |all, slices| routes.iter().fold(all, |all, &route| all | slices[route]));
    let mut pods = next.pods.truth();
    let free =
        |&slot: &usize| pods[index][slot].life == Life::Absent && listed & endpoint(colour(index), slot) == 0;
    let Some(slot) = (0..SLOTS).find(free) else { return };
    pods[index][slot] = Pod { life: Life::Pending, template: next.deployments.truth()[index].template };
    next.pods.publish(pods, 0, world.lag);
    steps.add(Move::Creates { side: u8::try_from(index).expect("one of four") }, next);
}

/// First one that is not Ready; a Ready one only if enough others are, and one of the current template only if there are too many of them.
fn delete(world: &World, steps: &mut Steps, index: usize, ready: bool, current: bool) {
    let template = steps.from.deployments.truth()[index].template;
    let pods = steps.from.pods.truth()[index];
    let rank = |pod: &Pod| match pod.life {
        Life::Absent | Life::Deleting => None,
        Life::Ready if !ready => None,
        _ if pod.template == template && !current => None,
        life => Some((life == Life::Ready, pod.template == template)),
    };
    let Some(first) = pods.iter().filter_map(rank).min() else { return };
    for slot in (0..SLOTS).filter(|&slot| rank(&pods[slot]) == Some(first)) {
        let (side, slot) = numbers(index, slot);
        live(world, steps, Move::Deletes { side, slot }, Life::Deleting);
    }
}

/// A pod changes how it is.
pub(crate) fn live(world: &World, steps: &mut Steps, what: Move, life: Life) {
    let (Move::Deletes { side, slot }
    | Move::Gone { side, slot }
    | Move::Ready { side, slot }
    | Move::Breaks { side, slot }
    | Move::Heals { side, slot }) = what
    else {
        return;
    };
    let mut next = steps.from;
    let mut pods = next.pods.truth();
    let pod = &mut pods[usize::from(side)][usize::from(slot)];
    *pod = if life == Life::Absent { Pod::default() } else { Pod { life, ..*pod } };
    if matches!(what, Move::Breaks { .. }) {
        next.budget.breaks -= 1;
    }
    next.pods.publish(pods, 0, world.lag);
    if pods[usize::from(side)].iter().all(|pod| pod.life == Life::Absent) {
        next.undrained &= !(1 << side);
    }
    steps.add(what, next);
}

fn pods(world: &World, steps: &mut Steps, index: usize) {
    for slot in 0..SLOTS {
        let (side, number) = numbers(index, slot);
        match steps.from.pods.truth()[index][slot].life {
            Life::Pending => live(world, steps, Move::Ready { side, slot: number }, Life::Ready),
            Life::Deleting => live(world, steps, Move::Gone { side, slot: number }, Life::Absent),
            Life::Absent | Life::Ready | Life::Sick => {}
        }
    }
}

fn numbers(side: usize, slot: usize) -> (u8, u8) {
    (u8::try_from(side).expect("one of four"), u8::try_from(slot).expect("one of three"))
}

fn endpoints(world: &World, steps: &mut Steps, service: usize) {
    let mut next = steps.from;
    let mut slices = next.slices.truth();
    slices[service] = true_endpoints(&next, service);
    next.slices.publish(slices, 0, world.lag);
    steps.add(Move::Endpoints { service: u8::try_from(service).expect("one of four") }, next);
}

/// The Ready pods of the side that the Service selects.
pub(crate) fn true_endpoints(state: &State, service: usize) -> u8 {
    let Some(at) = state.services.truth().ours[service].points_at else { return 0 };
    let pods = state.pods.truth()[side(workload(service), at)];
    let ready = (0..SLOTS).filter(|&slot| pods[slot].life == Life::Ready);
    ready.map(|slot| endpoint(at, slot)).sum()
}
