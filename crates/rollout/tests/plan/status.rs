//! What the status tells.

use rollout::{
    Active,
    ConditionStatus::{False, True},
    Phase, Reason,
    observed::Answer,
};

use crate::world::{Blue, Green, World, http, service, shop, shop_and_till};

fn conditions(world: &World) -> [rollout::ConditionStatus; 4] {
    ["Ready", "Progressing", "Held", "Paused"].map(|kind| world.condition(kind).0)
}

#[test]
fn it_says_what_the_services_select() {
    let world = shop_and_till().run();
    assert_eq!(world.status.active, Some(Active::Blue));
    let world = world.service("till", |route| route.points_at = Some(Green)).run();
    assert_eq!(world.status.active, Some(Active::Mixed));
    assert_eq!(
        world.service("till", |route| route.points_at = Some(Blue)).run().status.active,
        Some(Active::Blue)
    );
}

#[test]
fn the_conditions_are_as_kubectl_wait_reads_them() {
    assert_eq!(conditions(&shop().run()), [True, False, False, False]);
    assert_eq!(conditions(&shop().wish(Green).before(http("smoke")).run()), [False, True, False, False]);
    assert_eq!(conditions(&shop().run().gone("shop").run()), [False, False, True, False]);
    assert_eq!(conditions(&shop().wish(Green).paused(true).run()), [False, False, False, True]);
}

#[test]
fn a_condition_keeps_its_time_until_it_turns() {
    let world = shop().run();
    let (then, later) = (world.now, world.now.after(rollout::Span::secs(9)));
    let world = world.seconds(9).wish(Green).before(http("smoke")).run();
    let times: Vec<_> = world.status.conditions.iter().map(|known| known.last_transition_time).collect();
    assert_eq!(times, [later, later, then, then, then]);
    assert!(world.status.conditions.iter().all(|known| known.observed_generation == world.seen.generation));
}

#[test]
fn it_says_since_when_it_is_in_its_phase() {
    let world = shop().run();
    let then = world.now;
    let world = world.seconds(9).run();
    assert_eq!(world.status.since, Some(then));
    let world = world.seconds(9).gone("shop").run().seconds(9).run().is(Phase::Held, Reason::ServiceMissing);
    assert_eq!(world.status.since, Some(then.after(rollout::Span::secs(18))));
}

#[test]
fn held_says_what_was_left() {
    let world = shop().wish(Green).before(http("smoke")).run().gone("shop").run();
    assert_eq!(world.status.held_in, Some(Phase::Gating));
    let world = world.seconds(1).run();
    assert_eq!(world.status.held_in, Some(Phase::Gating));
}

#[test]
fn what_is_not_declared_any_more_is_forgotten() {
    let world = shop_and_till().with_service("admin", service()).run();
    let names =
        |world: &World| world.status.services.iter().map(|known| known.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&world), ["shop", "admin", "till"]);
    let world = world
        .spec(|spec| spec.workloads.truncate(1))
        .spec(|spec| spec.workloads[0].services.truncate(1))
        .run();
    assert_eq!((names(&world), world.status.workloads.len()), (vec!["shop".to_owned()], 1));
}

#[test]
fn the_history_tells_each_switch_with_its_times_and_why_it_went_back() {
    let world = shop().run().wish(Green).after(http("probe")).seconds(7).run();
    let began = world.now;
    let world = world.seconds(8).answer("probe", Answer::Bad("500".into())).run();
    let switch = &world.status.history[0];
    assert_eq!((switch.from, switch.to, switch.began, switch.ended), (Blue, Green, Some(began), world.now));
    assert_eq!((switch.outcome, switch.message.as_str()), (Reason::GateFailed, "gate probe: 500"));
    assert_eq!(switch.images, ["shop:1", "shop:1"][..1]);
}

#[test]
fn the_history_keeps_the_last_ten() {
    let mut world = shop().run();
    for n in 0..12 {
        world = world.wish(if n % 2 == 0 { Green } else { Blue }).run().seconds(60).run();
    }
    assert_eq!(world.status.history.len(), 10);
    assert_eq!((world.status.history[0].to, world.status.history[1].to), (Blue, Green));
}

#[test]
fn a_status_that_was_lost_is_found_again() {
    let mut world =
        shop().run().wish(Green).after(http("probe")).run().is(Phase::Verifying, Reason::GateRunning);
    world.status = rollout::Status::default();
    world.run().is(Phase::Stable, Reason::Switched).serves(Green);
}

#[test]
fn a_status_that_was_lost_in_the_middle_of_a_switch_goes_on_from_where_the_services_are() {
    let mut world = shop_and_till().run().wish(Green).until(Phase::Switching);
    world.status = rollout::Status::default();
    world = world.service("till", |route| {
        route.points_at = Some(Green);
        route.mark.as_mut().expect("a mark").colour = Green;
    });
    world.run().is(Phase::Draining, Reason::OldSideDraining).serves(Green);
}
