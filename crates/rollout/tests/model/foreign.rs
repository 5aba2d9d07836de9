//! What somebody else does: pods that break and are mended, templates, and foreign hands.

use rollout::Colour;

use crate::{
    controllers::live,
    moves::{Move, Steps},
    state::{Life, SLOTS, Service},
    world::{Foreign, World},
};

/// What they may do next.
pub(crate) fn steps(world: &World, steps: &mut Steps) {
    for index in world.sides() {
        let side = u8::try_from(index).expect("one of four");
        for slot in 0..SLOTS {
            let number = u8::try_from(slot).expect("one of three");
            match steps.from.pods.truth()[index][slot].life {
                Life::Ready if steps.from.budget.breaks > 0 => {
                    live(world, steps, Move::Breaks { side, slot: number }, Life::Sick);
                }
                Life::Sick => live(world, steps, Move::Heals { side, slot: number }, Life::Ready),
                _ => {}
            }
        }
        let may = |foreign| steps.from.budget.foreign > 0 && world.foreign.contains(&foreign);
        let (scale, refer) = (may(Foreign::Scale), may(Foreign::Refer));
        steps.when(steps.from.budget.templates > 0, Move::Template { side }, |next| {
            next.budget.templates -= 1;
            let mut all = next.deployments.truth();
            (all[index].template, all[index].settled) = (all[index].template + 1, false);
            next.deployments.publish(all, 1 << side, world.lag);
            next.touched(false, 1 << side);
        });
        steps.when(scale, Move::Scales { side }, |next| {
            let mut all = next.deployments.truth();
            if all[index].replicas > 0 {
                next.budget.foreign -= 1;
                (all[index].replicas, all[index].settled) = (0, false);
                next.deployments.publish(all, 1 << side, world.lag);
                next.touched(false, 1 << side);
            }
        });
        steps.when(refer, Move::Refers { side }, |next| {
            next.budget.foreign -= 1;
            let mut all = next.services.truth();
            all.other = Some(side);
            next.services.publish(all, 0, world.lag);
        });
    }
    for service in world.routes() {
        selectors(world, steps, service);
    }
}

/// The selector of a Service of ours, and its annotation.
fn selectors(world: &World, steps: &mut Steps, index: usize) {
    let mut services = steps.from.services.truth();
    let seen = services.ours[index];
    let service = u8::try_from(index).expect("one of four");
    let mut change = |steps: &mut Steps, what| {
        steps.when(true, what, |next| {
            match what {
                Move::Points { .. } => {
                    next.budget.foreign -= 1;
                    services.ours[index].points_at = seen.points_at.map(Colour::other);
                }
                Move::Repairs { annotation: true, .. } => services.ours[index].mark = None,
                Move::Removes { .. } => {
                    next.budget.foreign -= 1;
                    services.ours[index] = Service { gone: true, ..Service::default() };
                }
                Move::Remakes { at, .. } => {
                    services.ours[index] = Service { points_at: Some(at), ..Service::default() };
                }
                _ => services.ours[index].points_at = seen.mark,
            }
            next.services.publish(services, 1 << index, world.lag);
            next.touched(true, 1 << index);
            services.ours[index] = seen;
        });
    };
    if seen.gone {
        Colour::BOTH.into_iter().for_each(|at| change(steps, Move::Remakes { service, at }));
        return;
    }
    let may = |foreign| steps.from.budget.foreign > 0 && world.foreign.contains(&foreign);
    let (point, remove) = (may(Foreign::Point), may(Foreign::Remove));
    if point {
        change(steps, Move::Points { service });
    }
    if remove {
        change(steps, Move::Removes { service });
    }
    if seen.is_foreign() {
        change(steps, Move::Repairs { service, annotation: false });
        change(steps, Move::Repairs { service, annotation: true });
    }
}
