//! How a scenario is played.

use e2e_cluster::{Cluster, Failure, Log, Stage};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Handle;

use crate::{breaks, gates, hands, large, phases, switchovers};

/// What a scenario comes to.
pub(crate) type Outcome = Result<(), Failure>;

/// Where scenarios are played; nowhere, if they are only to be listed.
pub(crate) type World = Option<(Handle, Cluster, Log)>;

/// A test for each of these functions, named as it is.
macro_rules! scenarios {
    ($world:expr; $($module:ident: $($name:ident)*;)*) => {
        vec![$($(trial(
            concat!(stringify!($module), "::", stringify!($name)),
            stringify!($name),
            &$world,
            async |stage: &Stage| $module::$name(stage).await,
        ),)*)*]
    };
}

/// All of them.
pub(crate) fn all(world: World) -> Vec<Trial> {
    scenarios! { world;
        switchovers:
            a_release_that_is_promoted_and_undone_loses_nothing
            a_hundred_switchovers_side_by_side_lose_nothing;
        large:
            two_hundred_and_fifty_endpoints_a_side_are_switched_as_one;
        phases:
            a_wish_that_goes_back_by_seed_leaves_the_old_side_serving
            a_pause_by_seed_loses_nothing_and_the_release_goes_on_after_it
            an_autoscaler_that_changes_by_seed_loses_nothing
            an_autoscaler_that_is_too_small_is_waited_for;
        breaks:
            new_pods_that_never_get_ready_get_no_traffic
            pods_that_lose_readiness_after_the_switch_give_the_traffic_back_at_once
            pods_that_crash_after_the_switch_give_the_traffic_back_at_once
            of_two_broken_sides_the_first_that_recovers_gets_the_traffic
            bad_and_good_releases_follow_each_other_as_they_may
            an_image_that_changes_in_the_middle_is_gone_back_from_and_released_anew;
        gates:
            a_gate_that_fails_before_the_switch_keeps_the_traffic_where_it_is
            a_gate_that_fails_after_the_switch_gives_the_traffic_back
            a_gate_that_fails_after_the_switch_can_hold_it_where_it_stands
            a_deadline_that_passes_before_the_switch_keeps_the_traffic_where_it_is
            a_deadline_that_passes_after_the_switch_gives_the_traffic_back
            an_approval_for_another_release_is_none;
        hands:
            a_selector_that_is_applied_by_somebody_else_is_held_and_not_fought
            a_selector_that_server_side_apply_takes_away_is_held_and_loses_nothing
            manifests_that_are_applied_again_as_they_are_change_nothing
            a_service_that_is_deleted_is_missed_and_taken_again
            a_deployment_that_is_deleted_is_missed_and_the_other_side_serves_on
            rights_that_are_taken_away_hold_it_and_it_goes_on_when_they_are_given_back
            of_two_objects_over_one_service_the_older_one_acts
            of_three_workloads_none_switches_when_one_never_gets_ready
            of_three_workloads_the_others_go_back_when_a_service_is_deleted_in_the_middle;
    }
}

fn trial<F>(title: &'static str, name: &'static str, world: &World, scenario: F) -> Trial
where
    F: AsyncFn(&Stage) -> Outcome + Send + 'static,
{
    let world = world.clone();
    Trial::test(title, move || {
        let (runtime, cluster, log) = world.ok_or("there is no cluster")?;
        runtime
            .block_on(play(&cluster, &log, name, scenario))
            .map_err(|failure| Failed::from(failure.to_string()))
    })
    .with_ignored_flag(true)
}

async fn play(
    cluster: &Cluster,
    log: &Log,
    name: &str,
    scenario: impl AsyncFn(&Stage) -> Outcome,
) -> Outcome {
    let stage = Stage::open(cluster, name).await?;
    let outcome = match scenario(&stage).await {
        Ok(()) => Ok(()),
        Err(failure) => {
            let (portrait, logged) = (stage.portrait().await, log.of(stage.namespace()));
            Err(format!("{portrait}\n{logged}\n\n{failure}").into())
        }
    };
    stage.close().await?;
    outcome
}

/// Says something whether a scenario fails or not.
#[expect(clippy::print_stderr, reason = "figures and seeds are for who runs the tests")]
pub(crate) fn say(what: &str) {
    eprintln!("{what}");
}
