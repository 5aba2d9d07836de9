//! Rule 7: what may be in flight is sealed before anything else is written.

use rollout::{Change, Object, Phase, Reason, Requeue, observed::Answer};

use crate::world::{Blue, Green, World, http, scale, seal, shop, to};

fn is_seal(world: &World) -> bool {
    world.written.iter().all(|write| matches!(write.change, Change::Seal { .. }))
}

#[test]
fn each_write_carries_the_version_that_it_was_planned_from() {
    let world = shop().run().wish(Green);
    let plan = world.plan();
    assert_eq!(plan.writes[0].object, Object::Deployment("shop-green".into()));
    assert_eq!(plan.writes[0].version, world.seen.workloads["shop"].green.as_ref().expect("green").version);
}

#[test]
fn a_new_leader_seals_every_service_and_deployment_before_it_points() {
    let world = shop().run().wish(Green).until(Phase::Switching).look().unsealed().step();
    let world = world.is(Phase::Switching, Reason::Sealing);
    assert_eq!(world.requeue, Requeue::Again);
    let world = world.wrote(&[("shop", seal(2)), ("shop-blue", seal(1)), ("shop-green", seal(1))]).look();
    world.step().step().wrote(&[("shop", to(Green, 3))]);
}

#[test]
fn it_does_so_in_every_phase() {
    let preparing = shop().run().wish(Green);
    let back = shop()
        .run()
        .wish(Green)
        .after(http("probe"))
        .run()
        .wish(Blue)
        .step()
        .is(Phase::SwitchingBack, Reason::Aborted);
    let idle = shop().run().wish(Green).run().seconds(60).run().seconds(300).step();
    let undo = shop().run().wish(Green).run().wish(Blue).step().is(Phase::Switching, Reason::Checking);
    for world in [preparing, back, idle, undo] {
        let mut world = world.look().unsealed();
        while world.written.is_empty() {
            world = world.step();
        }
        assert!(is_seal(&world) && world.written.len() == 3, "{:?}", world.written);
    }
}

#[test]
fn only_what_is_not_sealed_is_sealed() {
    let world = shop().run().wish(Green).until(Phase::Switching).look();
    let world =
        world.service("shop", |route| route.sealed = false).step().is(Phase::Switching, Reason::Sealing);
    world.wrote(&[("shop", seal(2))]);
}

#[test]
fn a_leader_at_rest_seals_nothing() {
    shop().run().unsealed().look().run().wrote(&[]);
}

#[test]
fn a_foreign_change_is_still_seen_after_a_seal() {
    let world = shop().run().foreign("shop", Some(Green)).unsealed().run();
    world.is(Phase::Held, Reason::ForeignChange).says("from blue to green");
}

#[test]
fn a_switch_is_called_off_only_when_nothing_may_be_in_flight() {
    let world = shop().run().wish(Green).until(Phase::Switching).look().unsealed().wish(Blue).step();
    assert!(is_seal(&world) && world.status.phase == Phase::Switching);
    world.run().is(Phase::Stable, Reason::Switched).serves(Blue);
}

#[test]
fn a_point_that_landed_although_its_answer_was_lost_is_taken_back() {
    let world = shop().run().wish(Green).until(Phase::Switching);
    let before = world.status.clone();
    let mut world = world.step().unsealed().wish(Blue).look();
    world.status = before;
    let world = world.run().is(Phase::Stable, Reason::Switched).serves(Blue);
    assert_eq!(world.status.history[0].outcome, Reason::Aborted);
}

#[test]
fn going_back_ends_only_when_nothing_may_be_in_flight() {
    let world =
        shop().with_service("admin", crate::world::service()).run().wish(Green).after(http("probe")).run();
    let world = world.answer("probe", Answer::Bad("no".into())).until(Phase::SwitchingBack).step();
    let world = world.unsealed().look().step().is(Phase::SwitchingBack, Reason::Sealing);
    assert!(is_seal(&world) && world.written.len() == 4);
    world.run().is(Phase::Held, Reason::GateFailed).serves(Blue);
}

#[test]
fn a_seal_that_the_controller_has_not_seen_yet_does_not_call_the_switch_off() {
    let world =
        shop().run().wish(Green).run().wish(Blue).step().is(Phase::Switching, Reason::Checking).look();
    let world = world.unsealed().step().blue(|side| side.settled = false).run();
    let world = world.is(Phase::Switching, Reason::ScalingUp).serves(Green);
    let world = world.blue(|side| side.settled = true).run().serves(Blue);
    assert!(world.status.undo);
}

#[test]
fn what_refuses_to_be_written_is_not_sealed_and_stops_nothing() {
    let world =
        shop().with_service("admin", crate::world::service()).run().wish(Green).after(http("probe")).run();
    let world = world.unsealed().service("admin", |route| route.refused = Some("no".into())).look().run();
    assert!(world.written.iter().all(|write| write.object != Object::Service("admin".into())));
    assert!(world.written.iter().any(|write| write.change == to(Blue, 4)), "{:?}", world.written);
}

#[test]
fn scaling_comes_after_the_seals_too() {
    let world = shop().run().look().wish(Green).unsealed().step();
    assert!(is_seal(&world));
    world.look().step().wrote(&[("shop-green", scale(2))]);
}
