//! Rule 3: the way back stays open until the old side has ended what it has begun.

use rollout::{Phase, Reason, Requeue, Span};

use crate::world::{Blue, Green, World, floor, http, scale, scaler, shop, shop_and_till, sized};

fn draining() -> World {
    shop().run().wish(Green).until(Phase::Draining).run().look().is(Phase::Draining, Reason::OldSideDraining)
}

fn drain(min: u32, max: u32) -> impl FnOnce(&mut rollout::BlueGreenSpec) {
    move |spec| (spec.drain.min, spec.drain.max) = (Span::secs(min), Span::secs(max))
}

#[test]
fn the_old_side_keeps_its_full_size_while_the_switch_is_under_way() {
    let world = shop().run().wish(Green).after(http("probe")).run().is(Phase::Verifying, Reason::GateRunning);
    world.look().blue(sized(1)).step().wrote(&[("shop-blue", scale(2))]);
    draining().blue(sized(0)).step().wrote(&[("shop-blue", scale(2))]);
    let world = shop().run().wish(Green).until(Phase::Switching).slices_stand_still(true).step().look();
    world.blue(sized(1)).step().wrote(&[("shop-blue", scale(2))]);
}

#[test]
fn its_autoscaler_is_raised_to_that_size() {
    let world = shop().run().wish(Green).after(http("probe")).run().look().blue(scaler(1, 5));
    world.step().wrote(&[("scaler", floor(2, Some(1)))]);
}

#[test]
fn a_new_side_with_a_larger_minimum_does_not_make_the_old_one_grow() {
    let world =
        shop().green(scaler(5, 9)).run().wish(Green).run().is(Phase::Draining, Reason::OldSideDraining);
    assert_eq!((world.replicas(Blue), world.replicas(Green)), (2, 5));
}

#[test]
fn drain_begins_when_every_service_shows_the_switch() {
    let world =
        shop().run().wish(Green).until(Phase::Switching).slices_stand_still(true).step().seconds(30).run();
    assert_eq!(world.status.draining_since, None);
    let world = world.slices_stand_still(false).run();
    assert_eq!(world.status.draining_since, Some(world.now));
}

#[test]
fn it_ends_when_every_pod_shows_zeros_and_the_least_time_has_passed() {
    let world = draining().drained(Blue).run().is(Phase::Draining, Reason::OldSideDraining);
    assert_eq!(world.requeue, Requeue::At(world.now.after(Span::secs(5))));
    world.seconds(5).run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn it_does_not_end_by_the_least_time_alone() {
    let world = draining().seconds(5).run().is(Phase::Draining, Reason::OldSideDraining).says("shop-blue-0");
    assert_eq!(world.requeue, Requeue::At(world.now.after(Span::secs(55))));
}

#[test]
fn one_pod_that_is_not_at_zero_holds_it() {
    let world = draining().seconds(30).drained(Blue).blue(|side| side.pods[1].drained = false);
    world.run().is(Phase::Draining, Reason::OldSideDraining).says("shop-blue-1");
}

#[test]
fn every_workload_must_be_drained() {
    let world = shop_and_till().run().wish(Green).until(Phase::Draining).seconds(30).drained(Blue);
    world.run().is(Phase::Draining, Reason::OldSideDraining).says("till-blue-0");
}

#[test]
fn it_ends_at_the_most_also_without_an_answer() {
    draining().seconds(60).run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn a_drain_of_no_length_is_over_at_once() {
    let world = shop().spec(drain(0, 0)).run().wish(Green).run().is(Phase::Stable, Reason::Switched);
    assert_eq!(world.replicas(Blue), 2);
    shop()
        .spec(drain(0, 60))
        .run()
        .wish(Green)
        .until(Phase::Draining)
        .drained(Blue)
        .run()
        .is(Phase::Stable, Reason::Switched);
}

#[test]
fn an_old_side_without_pods_is_drained_after_the_least_time() {
    let world = shop().blue(sized(0)).run().wish(Green).until(Phase::Draining).run();
    world.is(Phase::Draining, Reason::OldSideDraining).seconds(5).run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn the_after_gates_come_before_the_end_of_the_drain() {
    let world = shop().run().wish(Green).after(http("probe")).run().seconds(120).run();
    world.is(Phase::Verifying, Reason::GateRunning);
}

#[test]
fn a_drain_that_was_forgotten_by_a_release_that_was_called_off_begins_anew() {
    let world = draining().wish(Blue).step().is(Phase::Switching, Reason::Checking);
    let world = world.wish(Green).run().serves(Green).is(Phase::Stable, Reason::Switched);
    assert_eq!((world.status.drained_at, world.status.draining_since), (None, Some(world.now)));
}
