//! Rule 4: never cut a branch that is sat on.

use rollout::{Phase, Reason, Requeue};

use crate::world::{Blue, Green, World, bounded, floor, scale, scaler, shop, sized};

/// Green serves, and blue has stood beside it for as long as it must.
fn idle() -> World {
    let world = shop().run().wish(Green).run().seconds(60).run().is(Phase::Stable, Reason::Switched);
    world.seconds(300).look()
}

fn referenced(world: World) -> World {
    world.blue(|side| side.references.push("legacy".into()))
}

#[test]
fn the_idle_side_shrinks_after_its_time_counted_from_stable() {
    let world = shop().run().wish(Green).run().seconds(60).run();
    let world = world.seconds(299).run();
    assert_eq!(world.requeue, Requeue::At(world.now.after(rollout::Span::secs(1))));
    world.look().seconds(1).run().wrote(&[("shop-blue", scale(0))]);
}

#[test]
fn it_keeps_what_it_shall_keep() {
    idle().spec(|spec| spec.idle.replicas = 1).run().wrote(&[("shop-blue", scale(1))]);
    idle().spec(|spec| spec.idle.replicas = 2).run().wrote(&[]);
}

#[test]
fn with_an_autoscaler_it_keeps_at_least_its_minimum_or_nothing() {
    let world = idle().blue(sized(5)).blue(scaler(3, 9));
    world.clone().spec(|spec| spec.idle.replicas = 1).run().wrote(&[("shop-blue", scale(3))]);
    world.run().wrote(&[("shop-blue", scale(0))]);
}

#[test]
fn a_side_that_another_service_selects_does_not_shrink_and_that_is_reported() {
    let world = referenced(idle()).run().is(Phase::Stable, Reason::StillReferenced).wrote(&[]);
    let world = world.says("shop-blue by legacy");
    world.blue(|side| side.references.clear()).run().wrote(&[("shop-blue", scale(0))]);
}

#[test]
fn the_services_are_read_from_the_api_server_in_the_same_reconcile() {
    let mut world = idle().step();
    assert_eq!(world.requeue, Requeue::Read);
    let live = world.seen.live.as_mut().expect("a read");
    live.references.insert(("shop".into(), Blue), vec!["legacy".into()]);
    assert_eq!(world.plan().status.reason, Some(Reason::StillReferenced));
    assert_eq!(world.plan().writes, []);
    world.seen.live.as_mut().expect("a read").references.clear();
    assert_eq!(world.plan().writes, [], "what the read does not tell of is not shrunk");
}

#[test]
fn that_nobody_relies_on_it_is_stored_before_it_shrinks() {
    let world = idle().step().step();
    assert_eq!((world.status.way_back, world.requeue, world.replicas(Blue)), (false, Requeue::Again, 2));
    world.wrote(&[]);
}

#[test]
fn a_reference_that_appears_later_scales_it_up_again() {
    let world = referenced(idle().run().wrote(&[("shop-blue", scale(0))]).look()).run();
    let world = world.wrote(&[("shop-blue", scale(2))]).is(Phase::Stable, Reason::StillReferenced).look();
    world.blue(|side| side.references.clear()).run().wrote(&[("shop-blue", scale(0))]);
}

#[test]
fn the_serving_side_is_never_scaled_by_us() {
    for replicas in [0, 1, 7] {
        let world = shop().run().look().blue(sized(replicas)).seconds(900).run();
        world.is(Phase::Stable, Reason::Switched).wrote(&[]);
    }
}

#[test]
fn a_side_that_never_lost_the_traffic_is_left_as_it_is() {
    shop().green(sized(3)).run().look().seconds(9000).run().wrote(&[]);
}

#[test]
fn an_autoscalers_minimum_is_put_back_on_the_serving_side_when_stable_begins() {
    let world =
        shop().green(scaler(1, 9)).run().wish(Green).run().is(Phase::Draining, Reason::OldSideDraining);
    world.look().seconds(60).run().is(Phase::Stable, Reason::Switched).wrote(&[("scaler", floor(1, None))]);
}

#[test]
fn an_autoscalers_minimum_is_put_back_on_the_idle_side_directly_before_it_shrinks() {
    let world = shop().blue(scaler(1, 9)).run().wish(Green).run().seconds(60).run().look();
    let world = world.seconds(300).run();
    world.wrote(&[("scaler", floor(1, None)), ("shop-blue", scale(0))]);
}

#[test]
fn a_minimum_that_somebody_set_meanwhile_is_what_is_put_back() {
    // The least and the most that somebody sets while it is raised to 2, what becomes of it at once, and what it is in the end.
    let raised = |own| vec![("scaler", floor(2, Some(own)))];
    let table = [
        ((4, 9), vec![("scaler", floor(4, None))], 4),
        ((3, 3), vec![("scaler", floor(3, None))], 3),
        ((1, 9), raised(1), 1),
        ((0, 9), raised(0), 0),
        // There is no room to raise it again.
        ((1, 1), vec![], 1),
        // Exactly what it was raised to: nobody can tell that it was somebody else.
        ((2, 9), vec![], 1),
    ];
    for ((min, max), at_once, last) in table {
        let world = shop().blue(scaler(1, 9)).run().wish(Green).run();
        let world = world.is(Phase::Draining, Reason::OldSideDraining);
        let world = world.look().blue(bounded(min, max)).step().look_at(|world| {
            let floors: Vec<_> = world.written.iter().map(|write| ("scaler", write.change)).collect();
            assert_eq!(floors, at_once, "set to {min} of {max}");
        });
        let world = world.seconds(60).run().seconds(300).run().is(Phase::Stable, Reason::Switched);
        let scaler = world.seen.workloads["shop"].blue.clone().and_then(|side| side.autoscaler);
        let scaler = scaler.expect("an autoscaler");
        assert_eq!((scaler.min, scaler.former, scaler.raised), (last, None, None), "set to {min} of {max}");
    }
}

#[test]
fn a_minimum_that_somebody_set_on_the_new_side_is_what_it_has_once_it_serves() {
    for (min, last) in [(1, 1), (5, 5)] {
        let world = shop().green(scaler(1, 9)).run().wish(Green).run();
        let world = world.is(Phase::Draining, Reason::OldSideDraining).green(bounded(min, 9)).run();
        let world = world.seconds(60).run().is(Phase::Stable, Reason::Switched);
        let scaler = world.seen.workloads["shop"].green.clone().and_then(|side| side.autoscaler);
        let scaler = scaler.expect("an autoscaler");
        assert_eq!((scaler.min, scaler.former), (last, None));
    }
}

#[test]
fn nothing_shrinks_while_it_is_paused() {
    let world = idle().paused(true).run().wrote(&[]);
    assert_eq!(world.requeue, Requeue::Never);
    world.paused(false).run().wrote(&[("shop-blue", scale(0))]);
}
