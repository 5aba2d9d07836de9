//! Approvals, deadlines, and gates that must be good for a time.

use rollout::{GateState, Phase, Reason, Requeue, Span, observed::Answer};

use crate::world::{Green, World, approval, breakers, http, prometheus, shop};

fn asked(gate: rollout::Gate) -> World {
    shop().run().before(gate).wish(Green).run()
}

fn states(world: &World) -> Vec<(&str, GateState)> {
    world.status.gates.iter().map(|gate| (gate.name.as_str(), gate.state)).collect()
}

#[test]
fn the_gates_are_asked_in_order_and_one_that_passed_is_not_asked_again() {
    let mut world = asked(http("one")).before(http("two")).run();
    assert_eq!(states(&world), [("one", GateState::Running)]);
    world = world.answer("two", Answer::Good).run();
    assert_eq!(states(&world), [("one", GateState::Running)]);
    world.seen.gates.clear();
    world = world.answer("one", Answer::Good).run();
    assert_eq!(states(&world), [("one", GateState::Passed), ("two", GateState::Running)]);
    world.answer("one", Answer::Bad("too late".into())).answer("two", Answer::Good).run().serves(Green);
}

#[test]
fn an_approval_is_given_to_a_release_and_any_other_value_is_ignored_and_named() {
    let mut world = asked(approval("sign-off")).is(Phase::Gating, Reason::ApprovalMissing).says("sign-off");
    world.seen.approvals.insert("sign-off".into(), "yes".into());
    let world = world.run().is(Phase::Gating, Reason::ApprovalMissing).says("the approval is for yes");
    world.approve("sign-off").run().serves(Green);
}

#[test]
fn an_approval_of_one_release_is_not_one_of_the_next() {
    let world = asked(approval("sign-off")).approve("sign-off").attempt(1).run();
    world.is(Phase::Gating, Reason::ApprovalMissing);
}

#[test]
fn the_new_side_must_be_ready_and_through_its_gates_by_the_deadline() {
    let world = asked(http("smoke"));
    assert_eq!(world.requeue, Requeue::At(world.now.after(Span::secs(600))));
    let world = world.seconds(599).run().is(Phase::Gating, Reason::GateRunning);
    world.seconds(1).run().is(Phase::Held, Reason::DeadlineExceeded).says("gate smoke");
}

#[test]
fn it_must_be_switched_and_through_the_after_gates_by_then_again() {
    let world = asked(http("smoke")).after(http("probe")).seconds(599).answer("smoke", Answer::Good).run();
    let world = world.is(Phase::Verifying, Reason::GateRunning).seconds(599).run();
    let world = world.is(Phase::Verifying, Reason::GateRunning).seconds(1).run();
    world.is(Phase::Held, Reason::DeadlineExceeded);
}

#[test]
fn the_deadline_stands_still_while_only_an_approval_is_missing() {
    let world = asked(approval("sign-off")).before(http("smoke")).seconds(100).run().seconds(6000).run();
    let world = world.is(Phase::Gating, Reason::ApprovalMissing).approve("sign-off").run();
    let world = world.is(Phase::Gating, Reason::GateRunning).seconds(599).run();
    world.is(Phase::Gating, Reason::GateRunning).seconds(1).run().is(Phase::Held, Reason::DeadlineExceeded);
}

#[test]
fn it_stands_still_after_the_switch_too() {
    let world = shop().run().after(approval("sign-off")).wish(Green).run().seconds(6000).run();
    let world = world.is(Phase::Verifying, Reason::ApprovalMissing).approve("sign-off");
    world.run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn it_stands_still_while_paused_and_goes_on_from_where_it_stood() {
    let world = shop().run().wish(Green).pods_stay_unready().run().seconds(100).paused(true).run();
    let world = world.seconds(6000).run().is(Phase::Preparing, Reason::Paused).paused(false).run();
    let world = world.seconds(499).run().is(Phase::Preparing, Reason::PodsUnready);
    world.seconds(1).run().is(Phase::Held, Reason::DeadlineExceeded);
}

#[test]
fn a_deadline_that_stands_still_changes_nothing_in_the_status_as_time_passes() {
    for world in [asked(approval("sign-off")), asked(http("smoke")).paused(true).run()] {
        let was = world.status.clone();
        assert_eq!(world.seconds(60).run().status, was);
    }
}

#[test]
fn a_gate_passes_once_every_answer_was_good_for_that_long() {
    for (gate, seconds) in [(breakers("long"), 10), (prometheus("long"), 60)] {
        let world = asked(gate).answer("long", Answer::Good).run().is(Phase::Gating, Reason::GateRunning);
        let world = world.seconds(seconds - 1).answer("long", Answer::Good).run();
        let world = world.is(Phase::Gating, Reason::GateRunning);
        world
            .seconds(1)
            .run()
            .is(Phase::Gating, Reason::GateRunning)
            .answer("long", Answer::Good)
            .run()
            .serves(Green);
    }
}

#[test]
fn the_first_bad_answer_fails_it() {
    let world = asked(breakers("breakers")).answer("breakers", Answer::Good).seconds(5);
    let world = world
        .answer("breakers", Answer::Bad("payment is open".into()))
        .answer("breakers", Answer::Good)
        .run();
    let world = world.is(Phase::Held, Reason::GateFailed).says("gate breakers: payment is open");
    assert_eq!(states(&world), [("breakers", GateState::Failed)]);
}

#[test]
fn what_is_unknown_starts_it_anew_and_never_passes() {
    let world = asked(breakers("breakers")).answer("breakers", Answer::Good).seconds(9);
    let world = world.answer("breakers", Answer::Unknown("no data".into())).run();
    let world = world.is(Phase::Gating, Reason::GateRunning).says("gate breakers: no data").seconds(1);
    let world = world.answer("breakers", Answer::Good).run().is(Phase::Gating, Reason::GateRunning);
    world.seconds(10).answer("breakers", Answer::Good).run().serves(Green);
}

#[test]
fn what_stays_unknown_is_a_failure_at_the_deadline() {
    let world = asked(prometheus("errors")).answer("errors", Answer::Unknown("no data".into())).run();
    world.seconds(600).run().is(Phase::Held, Reason::DeadlineExceeded).says("gate errors: no data");
}

#[test]
fn a_new_release_begins_with_no_gate_passed() {
    let world = asked(http("one")).before(http("two")).answer("one", Answer::Good).run().attempt(1);
    assert_eq!(states(&world.run()), [("one", GateState::Running)]);
}

#[test]
fn a_gate_that_is_not_declared_any_more_is_forgotten() {
    let world = asked(http("one")).spec(|spec| spec.gates.before = vec![http("two")]).run();
    assert_eq!(states(&world), [("two", GateState::Running)]);
}

#[test]
fn the_gates_stay_passed_while_a_pod_is_away() {
    let world = asked(http("one")).before(http("two")).answer("one", Answer::Good).run();
    let world = world.green(crate::world::break_pods(1)).run().is(Phase::Preparing, Reason::PodsUnready);
    let world = world.green(crate::world::heal_pods).run();
    assert_eq!(states(&world), [("one", GateState::Passed), ("two", GateState::Running)]);
}

#[test]
fn what_was_good_before_the_gate_was_reached_again_does_not_count_for_its_time() {
    let world = shop().run().after(breakers("breakers")).wish(Green).run().answer("breakers", Answer::Good);
    let world = world.seconds(9).gone("shop").run().is(Phase::Held, Reason::ServiceMissing);
    let mut world = world.seconds(9);
    world.shop_mut().routes.insert("shop".into(), crate::world::service());
    let world = world
        .run()
        .is(Phase::Verifying, Reason::GateRunning)
        .seconds(9)
        .answer("breakers", Answer::Good)
        .run();
    let world = world.is(Phase::Verifying, Reason::GateRunning).seconds(1).answer("breakers", Answer::Good);
    world.run().is(Phase::Draining, Reason::OldSideDraining);
}
