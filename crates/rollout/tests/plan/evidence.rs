//! Rule 2: a switch counts once the endpoints show it.

use rollout::{
    Phase, Reason,
    observed::{Endpoint, Pod},
};

use crate::world::{Blue, Green, World, ready_pod, shop, sized};

/// The Service was pointed at green, and its slices still show blue.
fn pointed() -> World {
    let world = shop().run().wish(Green).until(Phase::Switching).slices_stand_still(true).step();
    world.is(Phase::Switching, Reason::Pointing).step().is(Phase::Switching, Reason::EvidenceAwaited)
}

fn shown(endpoints: &[(&str, bool)]) -> Vec<Endpoint> {
    let colour =
        |pod: &str| if pod.contains("green") { Some(Green) } else { pod.contains("blue").then_some(Blue) };
    endpoints
        .iter()
        .map(|&(pod, ready)| Endpoint { pod: pod.to_owned(), colour: colour(pod), ready })
        .collect()
}

#[track_caller]
fn counts(world: &World, endpoints: &[(&str, bool)]) -> bool {
    let world = world.clone().service("shop", |route| route.evidence = shown(endpoints)).run();
    world.status.phase != Phase::Switching
}

#[test]
fn each_pod_that_was_ready_must_be_a_ready_endpoint() {
    let world = pointed();
    assert!(!counts(&world, &[]));
    assert!(!counts(&world, &[("shop-green-0", true)]));
    assert!(!counts(&world, &[("shop-green-0", true), ("shop-green-1", false)]));
    assert!(counts(&world, &[("shop-green-0", true), ("shop-green-1", true)]));
}

#[test]
fn no_endpoint_may_be_of_the_other_colour_ready_or_not() {
    let world = pointed();
    for ready in [true, false] {
        let endpoints = [("shop-green-0", true), ("shop-green-1", true), ("shop-blue-0", ready)];
        assert!(!counts(&world, &endpoints));
    }
}

#[test]
fn an_endpoint_of_no_side_does_not_matter() {
    assert!(counts(&pointed(), &[("shop-green-0", true), ("shop-green-1", true), ("else", true)]));
}

#[test]
fn a_pod_that_got_ready_after_the_write_is_not_waited_for() {
    let late = |world: World| {
        let now = world.now.after(rollout::Span::secs(1));
        let pod = Pod { name: "shop-green-2".into(), current: true, ..Pod::default() };
        world.green(sized(3)).green(|side| side.pods.push(ready_pod(pod, now)))
    };
    assert!(counts(&late(pointed()), &[("shop-green-0", true), ("shop-green-1", true)]));
}

#[test]
fn a_pod_that_is_being_deleted_is_not_waited_for_but_one_must_be_there() {
    let deleting = |count| {
        pointed()
            .spec(|spec| spec.verify.min_ready_percent = 1)
            .green(move |side| side.pods.iter_mut().take(count).for_each(|pod| pod.deleting = true))
    };
    assert!(counts(&deleting(1), &[("shop-green-1", true)]));
    assert!(!counts(&deleting(1), &[("else", true)]));
}

#[test]
fn what_is_awaited_is_named() {
    let world = pointed().says("Service shop: shop-green-0 is not yet a ready endpoint");
    let shown = shown(&[("shop-green-0", true), ("shop-green-1", true), ("shop-blue-1", false)]);
    world
        .service("shop", |route| route.evidence = shown)
        .step()
        .says("Service shop: shop-blue-1 is still an endpoint");
}

#[test]
fn each_service_must_show_it() {
    let world = shop().with_service("admin", crate::world::service()).run().wish(Green);
    let world = world.until(Phase::Switching).slices_stand_still(true).step();
    let both = shown(&[("shop-green-0", true), ("shop-green-1", true)]);
    let world = world.service("shop", |route| route.evidence = both.clone()).run();
    let world = world.is(Phase::Switching, Reason::EvidenceAwaited).says("Service admin");
    assert!(world.status.services[0].proven && !world.status.services[1].proven);
    world.service("admin", |route| route.evidence = both).run().is(Phase::Draining, Reason::OldSideDraining);
}

#[test]
fn it_counts_once() {
    let world = shop().run().wish(Green).after(crate::world::http("probe")).run();
    let world = world.is(Phase::Verifying, Reason::GateRunning);
    let endpoints = shown(&[("shop-green-0", true), ("shop-green-1", true), ("shop-blue-0", false)]);
    world
        .service("shop", |route| route.evidence = endpoints)
        .step()
        .is(Phase::Verifying, Reason::GateRunning);
}
