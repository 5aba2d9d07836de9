//! Rule 6: nobody is fought, and what is in the way is named.

use rollout::{
    Phase, Reason,
    observed::{DeploymentObstacle, Mark, Owner, Route},
};

use crate::world::{
    Blue, Green, World, heal_pods, http, scale, seal, service, shop, shop_and_till, sized, to,
};

fn stable() -> World {
    shop().run().look()
}

fn verifying() -> World {
    shop().with_service("admin", service()).run().wish(Green).after(http("probe")).run().look()
}

#[test]
fn a_new_service_with_a_colour_is_taken_over_as_it_stands() {
    shop().run().is(Phase::Stable, Reason::Switched).serves(Blue).wrote(&[("shop", seal(1))]);
    shop()
        .service("shop", |route| route.points_at = Some(Green))
        .wish(Green)
        .run()
        .serves(Green)
        .wrote(&[("shop", seal(1))]);
}

#[test]
fn it_is_taken_over_before_a_release_points_it() {
    shop().wish(Green).step().wrote(&[("shop", seal(1)), ("shop-green", scale(2))]);
}

/// Endpoints follow a selector, and later than its owner sees it: for a moment none is of the side that it is back at.
#[test]
fn what_is_pointed_away_and_back_is_not_broken_while_its_endpoints_follow() {
    let stable =
        shop().run().wish(Green).run().look().seconds(60).run().look().is(Phase::Stable, Reason::Switched);
    let away = stable.foreign("shop", Some(Blue)).run().look().is(Phase::Held, Reason::ForeignChange);
    let back = away.slices_stand_still(true).foreign("shop", Some(Green)).run();
    let back = back.is(Phase::Stable, Reason::Switched).serves(Green);
    // From when they show it they are what counts again.
    let shown = back.slices_stand_still(false).look().run().is(Phase::Stable, Reason::Switched);
    assert!(shown.status.services[0].proven);
}

#[test]
fn a_foreign_change_is_held_and_its_manager_named() {
    let world = stable().foreign("shop", Some(Green)).run().is(Phase::Held, Reason::ForeignChange);
    world.says("from blue to green by kubectl-client-side-apply").serves(Green);
}

#[test]
fn the_side_that_it_points_to_is_scaled_up_and_nobody_is_fought() {
    let world = stable().foreign("shop", Some(Green)).run().seconds(3600).run();
    world.wrote(&[("shop-green", scale(2))]).is(Phase::Held, Reason::ForeignChange);
}

#[test]
fn a_colour_that_was_taken_away_is_a_foreign_change() {
    let world =
        stable().foreign("shop", None).run().is(Phase::Held, Reason::ForeignChange).says("to no colour");
    world.wish(Green).run().is(Phase::Held, Reason::ForeignChange).wrote(&[]);
}

#[test]
fn it_ends_when_the_service_points_where_the_annotation_says() {
    let world = stable().foreign("shop", Some(Green)).run().foreign("shop", Some(Blue)).run();
    world.is(Phase::Stable, Reason::Switched).serves(Blue);
}

#[test]
fn it_ends_when_the_annotation_is_removed() {
    let world =
        stable().foreign("shop", Some(Green)).wish(Green).run().is(Phase::Held, Reason::ForeignChange);
    let world = world.service("shop", |route| route.mark = None).run();
    world.is(Phase::Stable, Reason::Switched).serves(Green);
}

/// A Service that selects no colour, and green is wished.
fn bare(adopt: bool) -> World {
    shop().service("shop", |route| (route.points_at, route.adopt) = (None, adopt)).wish(Green)
}

#[test]
fn a_service_without_a_colour_needs_consent() {
    bare(false).green(sized(2)).run().is(Phase::Held, Reason::NoColour).wrote(&[]);
}

#[test]
fn it_is_pointed_only_when_the_wished_side_is_ready() {
    let world = bare(true).pods_stay_unready().run().is(Phase::Preparing, Reason::PodsUnready);
    let world = world.wrote(&[("shop-green", scale(2))]).look().green(heal_pods).run().serves(Green);
    world.wrote(&[("shop", to(Green, 1))]);
}

#[test]
fn one_that_no_side_served_before_has_nothing_to_go_back_to() {
    let world = bare(true).after(http("probe")).run().is(Phase::Verifying, Reason::GateRunning).look();
    let world = world.answer("probe", rollout::observed::Answer::Bad("no".into())).run();
    world.is(Phase::Held, Reason::GateFailed).serves(Green).wrote(&[]);
}

#[test]
fn one_that_was_deleted_and_made_again_is_a_new_one() {
    let world = shop().run().wish(Green).run().seconds(60).run().is(Phase::Stable, Reason::Switched);
    let again = Route { points_at: Some(Green), ..service() };
    let world = world.slices_stand_still(true).service("shop", |route| *route = again).look();
    let world = world.step().is(Phase::Stable, Reason::Switched).wrote(&[("shop", seal(1))]);
    world.slices_stand_still(false).run().is(Phase::Stable, Reason::Switched).serves(Green);
}

#[test]
fn a_seal_does_not_take_its_consent_away() {
    let world = bare(true).until(Phase::Switching).unsealed().step().is(Phase::Switching, Reason::Sealing);
    let world = world.green(|side| side.settled = false).run().is(Phase::Switching, Reason::ScalingUp);
    world.green(|side| side.settled = true).run().serves(Green);
}

#[test]
fn one_that_was_not_pointed_yet_does_not_stop_the_others_on_their_way_back() {
    let bare = Route { points_at: None, adopt: true, ..service() };
    let world = shop().run().with_service("bare", bare.clone()).wish(Green).until(Phase::Switching).step();
    let mut world = world.wish(Blue).look();
    world.shop_mut().routes.insert("bare".into(), bare);
    let world = world.until(Phase::SwitchingBack).step().wrote(&[("shop", to(Blue, 3))]);
    world.run().serves(Blue).is(Phase::Draining, Reason::OldSideDraining);
}

#[test]
fn a_service_of_another_is_named_and_not_touched_not_even_sealed() {
    let other = || Some(Mark { owner: Owner::Other("market".into()), colour: Blue, n: 7 });
    let world = shop_and_till().service("till", |route| route.mark = other()).unsealed().wish(Green).run();
    world.is(Phase::Held, Reason::OwnedByOther).says("Service till belongs to market").wrote(&[]);
}

#[test]
fn without_an_annotation_the_older_one_owns() {
    let rival = |route: &mut Route| route.rival = Some("market".into());
    shop()
        .service("shop", rival)
        .wish(Green)
        .run()
        .is(Phase::Held, Reason::OwnedByOther)
        .says("market")
        .wrote(&[]);
    stable().service("shop", rival).run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn an_annotation_of_one_that_does_not_exist_counts_as_none() {
    let orphan = || Some(Mark { owner: Owner::Nobody, colour: Green, n: 7 });
    let world = shop().service("shop", |route| route.mark = orphan()).run();
    world.is(Phase::Stable, Reason::Switched).wrote(&[("shop", seal(8))]);
}

#[test]
fn missing_objects_are_named() {
    stable().gone("shop").run().is(Phase::Held, Reason::ServiceMissing).says("Service shop").wrote(&[]);
    let mut world = stable();
    *world.side_mut("shop", Green) = None;
    world
        .wish(Green)
        .run()
        .is(Phase::Held, Reason::DeploymentMissing)
        .says("Deployment shop-green")
        .wrote(&[]);
}

#[test]
fn unsuitable_services_are_refused_by_name() {
    let world = stable().service("shop", |route| route.unsuitable = Some("it is an ExternalName".into()));
    world.run().is(Phase::Held, Reason::ServiceUnsuitable).says("Service shop: it is an ExternalName");
}

#[test]
fn overlapping_deployments_keda_and_other_owners_are_named() {
    for (obstacle, reason, words) in [
        (DeploymentObstacle::Overlaps("cart".into()), Reason::Overlapping, "shop-green and cart"),
        (DeploymentObstacle::Keda("scaled".into()), Reason::KedaManaged, "shop-green by scaled"),
        (DeploymentObstacle::OwnedBy("market".into()), Reason::OwnedByOther, "shop-green belongs to market"),
    ] {
        let world = stable().green(|side| side.obstacle = Some(obstacle)).wish(Green).run();
        world.is(Phase::Held, reason).says(words).wrote(&[]);
    }
}

#[test]
fn nothing_is_changed_before_the_first_write_and_it_goes_on_when_it_is_repaired() {
    let preparing = stable().wish(Green).pods_stay_unready().run().is(Phase::Preparing, Reason::PodsUnready);
    let gating = stable().before(http("smoke")).wish(Green).run().is(Phase::Gating, Reason::GateRunning);
    let switching = stable().wish(Green).until(Phase::Switching);
    for world in [preparing, gating, switching] {
        let world = world.look().foreign("shop", None).run().is(Phase::Held, Reason::ForeignChange);
        let world = world.serves_nothing().wrote(&[]).foreign("shop", Some(Blue)).run();
        assert_ne!(world.status.phase, Phase::Held);
    }
}

#[test]
fn after_the_first_write_ours_go_back_and_the_others_are_named() {
    let world = verifying().foreign("admin", None).run().is(Phase::Held, Reason::ForeignChange);
    let world = world.says("Service admin").wrote(&[("shop", to(Blue, 3))]).look();
    let world = world.foreign("admin", Some(Green)).step().step();
    world.wrote(&[("admin", to(Blue, 3))]);
}

#[test]
fn a_service_that_is_gone_after_the_first_write_sends_the_others_back() {
    let world = verifying().gone("admin").run().is(Phase::Held, Reason::ServiceMissing).says("Service admin");
    world.serves(Blue).wrote(&[("shop", to(Blue, 3))]);
}

#[test]
fn a_service_that_refuses_our_write_sends_the_others_back_and_is_not_written_again() {
    let world = verifying().service("admin", |route| route.refused = Some("forbidden".into())).run();
    let world = world.is(Phase::Held, Reason::WriteRefused).says("Service admin: forbidden");
    let world = world.wrote(&[("shop", to(Blue, 3))]).look();
    world.service("admin", |route| route.refused = None).step().wrote(&[("admin", to(Blue, 3))]);
}

#[test]
fn when_it_is_repaired_the_release_begins_anew() {
    let world = verifying().gone("admin").run().is(Phase::Held, Reason::ServiceMissing);
    assert_eq!(world.status.failed, None);
    let world = world.with_service("admin", service()).run().is(Phase::Verifying, Reason::GateRunning);
    world.serves(Green);
}

#[test]
fn a_deployment_that_refuses_to_be_scaled_is_named() {
    let world = stable().green(|side| side.refused = Some("exceeded quota".into())).wish(Green).run();
    world.is(Phase::Held, Reason::WriteRefused).says("Deployment shop-green: exceeded quota").wrote(&[]);
}
