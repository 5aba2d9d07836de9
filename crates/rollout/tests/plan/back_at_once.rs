//! Rule 5: what breaks goes back at once.

use rollout::{OnFailure, Phase, Reason, Requeue, Span, observed::Answer};

use crate::world::{
    Blue, Green, World, break_pods, floor, heal_pods, http, new_template, ready_pod, scale, scaler, service,
    shop, shop_and_till, sized, to, unready_pod,
};

/// Green serves with all gates passed, and blue stands beside it.
fn draining() -> World {
    shop().run().wish(Green).run().look().is(Phase::Draining, Reason::OldSideDraining)
}

fn verifying() -> World {
    shop().run().wish(Green).after(http("probe")).run().look().is(Phase::Verifying, Reason::GateRunning)
}

fn stable() -> World {
    draining().seconds(60).run().look().is(Phase::Stable, Reason::Switched)
}

/// The Service was pointed at green, and its slices stand still.
fn pointed() -> World {
    let world = shop().run().wish(Green).until(Phase::Switching).slices_stand_still(true).step();
    world.is(Phase::Switching, Reason::Pointing).look()
}

#[track_caller]
fn goes_back(world: World) {
    let world = world.green(break_pods(1)).slices_stand_still(false).run();
    let world = world.is(Phase::Held, Reason::Broken).serves(Blue);
    assert!(world.written.iter().any(|write| write.change == to(Blue, 3)), "{:?}", world.written);
}

#[test]
fn it_acts_in_switching_verifying_draining_and_in_stable() {
    goes_back(pointed());
    goes_back(verifying());
    goes_back(draining());
    goes_back(stable());
}

#[test]
fn it_acts_in_a_held_entered_from_one_of_these() {
    let held =
        verifying().spec(|spec| spec.on_failure = OnFailure::Hold).answer("probe", Answer::Bad("no".into()));
    goes_back(held.run().is(Phase::Held, Reason::GateFailed).serves(Green));
    goes_back(
        stable()
            .green(|side| side.obstacle = Some(rollout::observed::DeploymentObstacle::Keda("k".into())))
            .run()
            .is(Phase::Held, Reason::KedaManaged)
            .green(|side| side.obstacle = None),
    );
}

#[test]
fn it_acts_until_the_old_side_begins_to_shrink() {
    let shrunk = stable().seconds(300).run().green(break_pods(2)).slices_stand_still(false).run();
    shrunk.is(Phase::Stable, Reason::Switched).serves(Green);
}

#[test]
fn that_it_goes_back_is_stored_before_it_is_written() {
    let world = verifying().green(break_pods(1)).slices_stand_still(false).step();
    let world = world.is(Phase::SwitchingBack, Reason::Broken).wrote(&[]);
    assert_eq!(world.requeue, Requeue::Again);
    world.step().wrote(&[("shop", to(Blue, 3))]);
}

#[test]
fn fewer_than_the_share_is_broken_and_the_share_is_not() {
    let lenient = || {
        let world = shop().blue(sized(4)).spec(|spec| spec.verify.min_ready_percent = 50).run().wish(Green);
        world.after(http("probe")).run().is(Phase::Verifying, Reason::GateRunning)
    };
    lenient().green(break_pods(2)).slices_stand_still(false).run().is(Phase::Verifying, Reason::GateRunning);
    lenient()
        .green(break_pods(3))
        .slices_stand_still(false)
        .run()
        .is(Phase::Held, Reason::Broken)
        .serves(Blue);
}

#[test]
fn at_least_one_is_needed_whatever_the_share() {
    let world = verifying().spec(|spec| spec.verify.min_ready_percent = 1);
    let world =
        world.green(break_pods(1)).slices_stand_still(false).run().is(Phase::Verifying, Reason::GateRunning);
    world.green(break_pods(2)).slices_stand_still(false).run().is(Phase::Held, Reason::Broken);
}

#[test]
fn what_the_deployment_wants_now_counts_if_it_is_less() {
    verifying().green(sized(1)).slices_stand_still(false).run().is(Phase::Verifying, Reason::GateRunning);
    verifying().green(sized(0)).slices_stand_still(false).run().is(Phase::Held, Reason::Broken).serves(Blue);
}

#[test]
fn a_rolling_update_in_stable_may_lack_as_many_as_its_deployment_allows() {
    let rolling =
        stable().green(new_template).green(|side| side.pods.iter_mut().for_each(|pod| pod.current = false));
    let world = rolling.green(break_pods(1)).slices_stand_still(false).run();
    let world = world.is(Phase::Stable, Reason::Switched).serves(Green);
    world.green(break_pods(2)).slices_stand_still(false).run().serves(Blue);
}

#[test]
fn until_the_endpoints_have_shown_the_switch_the_ready_pods_are_counted() {
    let world = pointed().step().is(Phase::Switching, Reason::EvidenceAwaited);
    world.green(break_pods(1)).run().is(Phase::Held, Reason::Broken).says("1 of 2").serves(Blue);
}

#[test]
fn from_then_on_the_ready_endpoints_are_counted() {
    let world = verifying().service("shop", |route| route.evidence[0].ready = false);
    let mut world = world.slices_stand_still(true).service("shop", |route| route.evidence[0].ready = false);
    world = world.run().is(Phase::SwitchingBack, Reason::Broken);
    world.says("Service shop has 1 of 2 ready").serves(Blue);
}

#[test]
fn no_ready_endpoint_for_a_second_is_broken() {
    let dark = |world: World| world.slices_stand_still(true).service("shop", |route| route.evidence.clear());
    let world = dark(pointed()).step().is(Phase::Switching, Reason::EvidenceAwaited);
    assert_eq!(world.requeue, Requeue::At(world.now.after(Span::secs(1))));
    let world = world.wait(Span::millis(999)).step().is(Phase::Switching, Reason::EvidenceAwaited);
    world.wait(Span::millis(1)).step().is(Phase::SwitchingBack, Reason::Broken).says("no ready endpoint");
}

#[test]
fn a_service_that_was_dark_before_the_switch_gets_a_second_from_then_on() {
    let world = shop().blue(break_pods(2)).slices_stand_still(false).run().seconds(60).run().wish(Green);
    let world = world.until(Phase::Switching).slices_stand_still(true).seconds(5).step().step();
    let world = world.is(Phase::Switching, Reason::EvidenceAwaited);
    world
        .wait(Span::millis(500))
        .slices_stand_still(false)
        .run()
        .is(Phase::Draining, Reason::OldSideDraining);
}

#[test]
fn a_gate_that_fails_or_a_deadline_that_passes_after_the_first_write_goes_back() {
    let bad = || verifying().answer("probe", Answer::Bad("it is broken".into()));
    bad().run().is(Phase::Held, Reason::GateFailed).serves(Blue).says("gate probe: it is broken");
    verifying().seconds(600).run().is(Phase::Held, Reason::DeadlineExceeded).serves(Blue).says("gate probe");
    pointed().seconds(600).run().is(Phase::Held, Reason::DeadlineExceeded).serves(Blue);
}

#[test]
fn hold_concerns_only_these_two() {
    let hold = |world: World| world.spec(|spec| spec.on_failure = OnFailure::Hold);
    let bad = hold(verifying()).answer("probe", Answer::Bad("no".into()));
    bad.run().is(Phase::Held, Reason::GateFailed).serves(Green).wrote(&[]);
    hold(verifying()).seconds(600).run().is(Phase::Held, Reason::DeadlineExceeded).serves(Green).wrote(&[]);
    goes_back(hold(verifying()));
    hold(verifying()).wish(Blue).run().serves(Blue);
}

#[test]
fn it_never_waits_for_the_new_side() {
    let world = verifying().green(|side| side.pods.clear()).green(|side| side.settled = false);
    world.wish(Blue).step().step().wrote(&[("shop", to(Blue, 3))]);
    let mut gone = verifying();
    *gone.side_mut("shop", Green) = None;
    gone.slices_stand_still(false).step().step().wrote(&[("shop", to(Blue, 3))]);
}

#[test]
fn a_workload_whose_old_side_cannot_take_the_traffic_keeps_it_until_it_can() {
    let world = verifying().blue(break_pods(1)).wish(Blue).run();
    let world = world.is(Phase::Held, Reason::OldSideUnready).says("shop-blue").serves(Green).wrote(&[]);
    world.blue(heal_pods).run().serves(Blue).is(Phase::Stable, Reason::Switched);
}

#[test]
fn its_old_side_is_scaled_up() {
    let world = verifying().pods_stay_unready().blue(sized(0)).blue(|side| side.pods.clear());
    let world = world.wish(Blue).run().is(Phase::Held, Reason::OldSideUnready);
    world.wrote(&[("shop-blue", scale(2))]).serves(Green);
}

#[test]
fn more_ready_pods_than_the_new_side_has_are_enough() {
    let world = verifying().blue(break_pods(1)).green(break_pods(2)).slices_stand_still(false).run();
    world.serves(Blue).wrote(&[("shop", to(Blue, 3))]);
}

#[test]
fn with_neither_ready_the_first_that_recovers_gets_the_traffic() {
    let both = || {
        let world = verifying().blue(break_pods(2)).green(break_pods(2)).slices_stand_still(false).run();
        world.is(Phase::Held, Reason::BothSidesUnready).serves(Green)
    };
    both().blue(|side| side.pods[0] = ready_pod(side.pods[0].clone(), side_time())).run().serves(Blue);
    both().green(heal_pods).run().is(Phase::Held, Reason::OldSideUnready).serves(Green);
}

fn side_time() -> rollout::Time {
    rollout::Time::from_millis(1_000_000)
}

#[test]
fn each_workload_goes_back_that_can() {
    let world = shop_and_till().run().wish(Green).after(http("probe")).run().look();
    let world = world.side("till", Blue, break_pods(1)).wish(Blue).run();
    let world =
        world.is(Phase::Held, Reason::OldSideUnready).says("till-blue").wrote(&[("shop", to(Blue, 3))]);
    world.side("till", Blue, heal_pods).run().serves(Blue);
}

#[test]
fn one_service_that_breaks_takes_the_others_along() {
    let world = shop().with_service("admin", service()).run().wish(Green).after(http("probe")).run().look();
    let world =
        world.slices_stand_still(true).service("admin", |route| route.evidence[0].ready = false).run();
    world.says("Service admin has 1 of 2").wrote(&[("shop", to(Blue, 3)), ("admin", to(Blue, 3))]);
}

/// The traffic went back to blue, whose last ready pod dies before its endpoints show it.
fn lost_again() -> World {
    let world = verifying().slices_stand_still(true).wish(Blue).step().step().look();
    let world = world.is(Phase::SwitchingBack, Reason::Aborted).blue(break_pods(2));
    world.step().is(Phase::SwitchingBack, Reason::Aborted).wrote(&[])
}

#[test]
fn a_side_gone_back_to_that_has_no_ready_pod_gives_the_traffic_to_the_other_once() {
    let world = lost_again();
    assert_eq!((world.status.returning, world.requeue), (true, Requeue::Again));
    let world = world.step().wrote(&[("shop", to(Green, 4))]);
    let world = world.run().is(Phase::Held, Reason::OldSideUnready).serves(Green).look();
    let world = world.blue(heal_pods).step().wrote(&[("shop", to(Blue, 5))]).look();
    world.blue(break_pods(2)).run().is(Phase::Held, Reason::OldSideUnready).wrote(&[]).serves(Blue);
}

#[test]
fn it_gives_it_once_also_if_what_was_written_is_not_remembered() {
    let before = lost_again();
    let mut after = before.clone().step();
    after.status = before.status;
    let world = after.look().run().is(Phase::Held, Reason::OldSideUnready).blue(heal_pods).step().look();
    world.blue(break_pods(2)).run().wrote(&[]).serves(Blue);
}

#[test]
fn the_failed_side_keeps_its_size_until_it_is_drained_and_then_for_a_time() {
    let world =
        verifying().answer("probe", Answer::Bad("no".into())).until(Phase::SwitchingBack).step().step();
    let world =
        world.look().seconds(59).step().is(Phase::SwitchingBack, Reason::GateFailed).says("shop-green-0");
    let world = world.wrote(&[]).seconds(1).step().is(Phase::Held, Reason::GateFailed);
    let world = world.seconds(299).run().wrote(&[]);
    world.seconds(1).run().is(Phase::Held, Reason::GateFailed).wrote(&[("shop-green", scale(0))]);
}

#[test]
fn going_back_ends_when_the_failed_side_shows_zeros_and_the_least_time_has_passed() {
    let world = verifying().wish(Blue).until(Phase::SwitchingBack).step().step().drained(Green);
    let world = world.seconds(4).step().is(Phase::SwitchingBack, Reason::Aborted);
    world.seconds(1).step().is(Phase::Stable, Reason::Switched);
}

/// Green broke, the traffic went back to blue, and then blue breaks too.
fn broken_twice() -> World {
    let world =
        verifying().green(break_pods(2)).slices_stand_still(false).run().is(Phase::Held, Reason::Broken);
    let world = world.serves(Blue).blue(break_pods(2)).slices_stand_still(false).run();
    world.is(Phase::Held, Reason::Broken).seconds(1).look().run().is(Phase::Held, Reason::BothSidesUnready)
}

#[test]
fn a_side_gone_back_to_that_goes_dark_later_gives_the_traffic_to_the_first_that_recovers() {
    let world = broken_twice().blue(heal_pods).slices_stand_still(false).run();
    world.is(Phase::Held, Reason::Broken).serves(Blue).wrote(&[]);
    let world = broken_twice().green(heal_pods).slices_stand_still(false).run();
    let world = world.is(Phase::Held, Reason::OldSideUnready).serves(Green).wrote(&[("shop", to(Green, 4))]);
    world.blue(heal_pods).slices_stand_still(false).run().is(Phase::Held, Reason::Broken).serves(Blue);
}

#[test]
fn a_rolling_update_in_stable_is_not_broken_by_slices_that_lag_behind_ready_pods() {
    let world = stable().green(|side| side.max_unavailable = 0).green(|side| side.pods[1].current = false);
    let mut world = world.slices_stand_still(true);
    let lagging = |route: &mut rollout::observed::Route| route.evidence[0].ready = false;
    world = world.service("shop", lagging).run().is(Phase::Stable, Reason::Switched).serves(Green);
    world.green(break_pods(1)).step().is(Phase::SwitchingBack, Reason::Broken);
}

#[test]
fn a_side_that_failed_before_it_got_traffic_shrinks_too() {
    let world = shop().run().wish(Green).pods_stay_unready().run().seconds(600).run();
    let world = world.is(Phase::Held, Reason::DeadlineExceeded).says("ImagePullBackOff").look();
    world.seconds(60).run().seconds(300).run().wrote(&[("shop-green", scale(0))]);
}

#[test]
fn the_autoscaler_of_the_side_gone_back_to_is_put_back() {
    let world = shop().blue(scaler(1, 9)).run().wish(Green).after(http("probe")).run().look();
    let world = world.wish(Blue).run().is(Phase::Stable, Reason::Switched);
    world.wrote(&[("shop", to(Blue, 3)), ("scaler", floor(1, None))]);
}

#[test]
fn the_old_sides_trouble_is_not_the_new_ones() {
    let world = verifying().blue(|side| side.pods[0] = unready_pod(side.pods[0].clone()));
    world.run().is(Phase::Verifying, Reason::GateRunning).serves(Green);
}
