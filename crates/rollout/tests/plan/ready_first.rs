//! Rule 1: nothing points at a side that is not ready.

use rollout::{
    Active, Phase, Reason, Requeue,
    observed::{Pod, Route},
};

use crate::world::{
    Blue, Green, World, bounded, break_pods, floor, scale, scaler, service, shop, shop_and_till, sized, to,
};

/// Green is wished, and nothing else is in the way of it.
fn wished() -> World {
    shop().run().look().wish(Green)
}

/// Green is of full size, and only this is wrong with one of its pods.
fn with_a_pod(wrong: impl Fn(&mut Pod)) -> World {
    wished().pods_stay_unready().green(sized(2)).step().green(|side| {
        crate::world::heal_pods(side);
        wrong(&mut side.pods[1]);
    })
}

#[test]
fn the_new_side_gets_as_many_replicas_as_the_old_one_wants() {
    wished().blue(sized(3)).run().look_at(|world| assert_eq!(world.replicas(Green), 3)).serves(Green);
}

#[test]
fn it_gets_at_least_one_and_at_least_its_autoscalers_minimum() {
    wished().blue(sized(0)).run().look_at(|world| assert_eq!(world.replicas(Green), 1));
    wished().green(scaler(4, 9)).run().look_at(|world| assert_eq!(world.replicas(Green), 4));
}

#[test]
fn a_new_side_that_is_larger_already_is_left_so() {
    wished().green(sized(5)).run().serves(Green).look_at(|world| assert_eq!(world.replicas(Green), 5));
}

#[test]
fn its_controller_must_have_seen_its_generation() {
    wished().green(|side| side.settled = false).run().is(Phase::Preparing, Reason::ScalingUp).serves(Blue);
}

#[test]
fn every_pod_must_be_ready_and_its_own_reason_is_told() {
    let world = wished().pods_stay_unready().run().is(Phase::Preparing, Reason::PodsUnready);
    world.says("shop-green-0: ImagePullBackOff").serves(Blue);
}

#[test]
fn every_pod_must_be_of_the_current_template_ready_long_enough_and_not_being_deleted() {
    let wrongs: [fn(&mut Pod); 3] =
        [|pod| pod.current = false, |pod| pod.available = false, |pod| pod.deleting = true];
    for wrong in wrongs {
        with_a_pod(wrong).run().is(Phase::Preparing, Reason::PodsUnready).says("shop-green-1").serves(Blue);
    }
}

#[test]
fn a_new_pod_that_does_not_get_ready_is_named_before_an_old_one_that_is() {
    let world = with_a_pod(|pod| {
        (pod.ready_since, pod.available, pod.waits) = (None, false, Some("ErrImagePull".into()));
    });
    let world = world.green(|side| side.pods[0].current = false).run();
    let world = world.is(Phase::Preparing, Reason::PodsUnready).says("shop-green-1: ErrImagePull");
    let world = world.green(|side| side.pods.truncate(1)).step();
    world.says("shop-green-0: it is of an earlier template");
}

#[test]
fn there_must_be_as_many_pods_as_its_deployment_wants() {
    let world = wished().green(sized(3)).step().green(|side| side.pods.truncate(2));
    assert_eq!(world.plan().status.reason, Some(Reason::PodsUnready));
}

#[test]
fn every_pod_must_fit_its_services_and_the_preview() {
    let world = with_a_pod(|pod| pod.unfit = Some("port `http` is missing".into())).run();
    world.is(Phase::Preparing, Reason::PodsUnfit).says("shop-green-1: port `http` is missing").serves(Blue);
}

#[test]
fn a_version_that_is_named_is_waited_for() {
    let world = wished().spec(|spec| spec.workloads[0].green.version = Some("2".into()));
    let world = world.run().is(Phase::Preparing, Reason::VersionAwaited).says("version 2");
    world.green(|side| side.app = Some("2".into())).run().serves(Green);
}

#[test]
fn an_autoscaler_that_allows_less_is_named_and_nothing_switches() {
    let world = wished().green(scaler(1, 1)).run().is(Phase::Preparing, Reason::AutoscalerTooSmall);
    world.says("scaler allows 1 of 2").serves(Blue).look_at(|world| assert_eq!(world.replicas(Green), 1));
}

#[test]
fn the_new_sides_autoscaler_is_raised_and_its_own_minimum_remembered() {
    let world = wished().green(scaler(1, 9)).step();
    world.wrote(&[("scaler", floor(2, Some(1))), ("shop-green", scale(2))]);
}

#[test]
fn a_minimum_that_somebody_sets_while_it_is_raised_is_the_side_s_own() {
    let world = wished().green(scaler(1, 9)).pods_stay_unready().run().look();
    let world = world.green(bounded(3, 9)).run().is(Phase::Preparing, Reason::PodsUnready);
    world.wrote(&[("scaler", floor(3, None)), ("shop-green", scale(3))]);
}

#[test]
fn all_workloads_switch_or_none_does() {
    let world =
        shop_and_till().wish(Green).pods_stay_unready().run().side("till", Green, crate::world::heal_pods);
    let world = world.run().is(Phase::Preparing, Reason::PodsUnready).says("shop-green-0").serves(Blue);
    let world = world.green(crate::world::heal_pods).until(Phase::Switching).look().step();
    world.wrote(&[("shop", to(Green, 2)), ("till", to(Green, 2))]);
}

#[test]
fn the_phase_is_stored_and_the_pods_are_read_directly_before_the_first_point() {
    let world = wished().until(Phase::Switching).look();
    assert_eq!(world.requeue, Requeue::Read);
    let mut without = world.clone();
    without.seen.live = None;
    let plan = without.plan();
    assert_eq!((plan.writes.len(), plan.requeue), (0, Requeue::Read));
    world.step().wrote(&[("shop", to(Green, 2))]);
}

#[test]
fn pods_that_are_not_ready_by_the_quorum_read_stop_it() {
    let mut world = wished().until(Phase::Switching).look();
    let live = world.seen.live.as_mut().expect("a read");
    live.pods.values_mut().flatten().for_each(|pod| pod.available = false);
    let plan = world.plan();
    assert_eq!((plan.writes.len(), plan.status.reason), (0, Some(Reason::PodsUnready)));
}

#[test]
fn pods_that_the_quorum_read_does_not_show_stop_it() {
    let mut world = wished().until(Phase::Switching).look();
    world.seen.live.as_mut().expect("a read").pods.clear();
    assert_eq!(world.plan().writes, []);
}

#[test]
fn a_write_that_is_refused_as_a_dry_run_stops_it() {
    let mut world = wished().until(Phase::Switching).look();
    world.seen.live.as_mut().expect("a read").refused.insert("shop".into(), "forbidden".into());
    let world = world.step().is(Phase::Held, Reason::WriteRefused).says("Service shop: forbidden");
    world.wrote(&[]);
}

#[test]
fn a_side_that_loses_a_pod_while_gates_are_asked_gets_ready_again_first() {
    let world = wished().before(crate::world::http("smoke")).run().is(Phase::Gating, Reason::GateRunning);
    world.green(break_pods(1)).run().is(Phase::Preparing, Reason::PodsUnready);
}

#[test]
fn the_preview_shows_the_new_side_before_it_is_ready_and_the_old_one_after() {
    let world = shop().with_preview(Some(service())).run();
    let shows =
        |world: &World| world.seen.workloads["shop"].preview.as_ref().and_then(|preview| preview.points_at);
    assert_eq!(shows(&world), Some(Green));
    let world = world.wish(Green).pods_stay_unready().run().is(Phase::Preparing, Reason::PodsUnready);
    assert_eq!(shows(&world), Some(Green));
    let world = world.green(crate::world::heal_pods).run().serves(Green);
    assert_eq!(shows(&world), Some(Blue));
}

#[test]
fn of_workloads_on_different_sides_a_preview_shows_the_other_side_than_its_own_services() {
    let world = shop_and_till().with_preview(Some(service())).run().pods_stay_unready();
    // Somebody has made the shop's Service anew, and given it green.
    let world = world.service("shop", |route| *route = Route { points_at: Some(Green), ..service() });
    let world = world.wish(Green).run().is(Phase::Preparing, Reason::PodsUnready);
    assert_eq!(world.status.active, Some(Active::Mixed));
    let preview = world.seen.workloads["shop"].preview.as_ref();
    assert_eq!(preview.and_then(|preview| preview.points_at), Some(Blue));
}

#[test]
fn a_preview_that_is_missing_or_somebody_elses_holds_a_release_and_not_a_switch() {
    shop().with_preview(None).wish(Green).run().is(Phase::Held, Reason::ServiceMissing).says("preview");
    let world = shop().with_preview(Some(service())).wish(Green).until(Phase::Draining);
    let world = world.service("preview", |route| route.points_at = Some(Green)).run();
    world.is(Phase::Draining, Reason::OldSideDraining);
}
