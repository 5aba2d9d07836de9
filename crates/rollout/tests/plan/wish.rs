//! Rule 8: the wish may change at any moment. A test for each row of its table.

use rollout::{ConditionStatus, OnFailure, Phase, Reason, Time, observed::Answer};

use crate::world::{
    Blue, Green, World, approval, break_pods, heal_pods, http, new_template, ready_pod, scale, shop, sized,
    to,
};

fn preparing() -> World {
    shop().run().wish(Green).pods_stay_unready().run().look().is(Phase::Preparing, Reason::PodsUnready)
}

fn gating() -> World {
    shop().run().before(http("smoke")).wish(Green).run().look().is(Phase::Gating, Reason::GateRunning)
}

fn pointed() -> World {
    shop().run().wish(Green).until(Phase::Switching).slices_stand_still(true).step().look()
}

fn verifying() -> World {
    shop().run().wish(Green).after(http("probe")).run().look().is(Phase::Verifying, Reason::GateRunning)
}

fn draining() -> World {
    shop()
        .run()
        .wish(Green)
        .before(http("smoke"))
        .run()
        .answer("smoke", Answer::Good)
        .run()
        .look()
        .is(Phase::Draining, Reason::OldSideDraining)
}

fn stable() -> World {
    draining().seconds(60).run().look().is(Phase::Stable, Reason::Switched).serves(Green)
}

/// Green's pods are replaced by ready ones of another template.
fn rolled(side: &mut rollout::observed::Deployment) {
    new_template(side);
    side.pods.iter_mut().for_each(|pod| *pod = ready_pod(pod.clone(), Time::from_millis(1_000_000)));
}

// | back to the old colour while Preparing or Gating | dropped; the new side shrinks by `idle` |

#[test]
fn back_while_preparing_or_gating_drops_the_release_and_the_new_side_shrinks() {
    for world in [preparing(), gating()] {
        let world = world.wish(Blue).run().is(Phase::Stable, Reason::Switched).serves(Blue).wrote(&[]);
        let world = world.seconds(60).run().wrote(&[]).seconds(300).run();
        world.wrote(&[("shop-green", scale(0))]).is(Phase::Stable, Reason::Switched);
    }
}

#[test]
fn back_before_anything_is_pointed_drops_it_too() {
    let world = shop().run().wish(Green).until(Phase::Switching).look();
    world.wish(Blue).run().is(Phase::Stable, Reason::Switched).wrote(&[]);
}

#[test]
fn a_switch_that_is_called_off_takes_the_size_anew_when_it_is_tried_again() {
    let world = shop()
        .run()
        .wish(Green)
        .until(Phase::Switching)
        .paused(true)
        .run()
        .is(Phase::Preparing, Reason::Paused);
    let world = world.blue(sized(1)).look().run().wrote(&[]).paused(false).run().serves(Green);
    assert_eq!(world.replicas(Blue), 1);
}

// | … while Switching or Verifying | SwitchingBack |

#[test]
fn back_while_switching_or_verifying_goes_back() {
    for world in [pointed(), verifying()] {
        let world = world.wish(Blue).step().is(Phase::SwitchingBack, Reason::Aborted);
        let world =
            world.run().is(Phase::Stable, Reason::Switched).serves(Blue).wrote(&[("shop", to(Blue, 3))]);
        assert_eq!(world.status.failed, None);
    }
}

// | … while Draining or Stable | at once and without gates … else a release with gates |

#[test]
fn back_while_draining_or_stable_is_at_once_and_without_gates() {
    for world in [draining(), stable(), stable().seconds(299)] {
        let world = world.wish(Blue).after(http("probe")).step().is(Phase::Switching, Reason::Checking);
        let world = world.step().wrote(&[("shop", to(Blue, 3))]);
        world.run().is(Phase::Draining, Reason::OldSideDraining).serves(Blue);
    }
}

#[test]
fn what_is_undone_stays_the_way_back_until_it_is_drained() {
    let world = stable().wish(Blue).run().is(Phase::Draining, Reason::OldSideDraining).look();
    let world = world.green(sized(0)).run().wrote(&[("shop-green", scale(2))]);
    world.seconds(60).run().is(Phase::Stable, Reason::Switched).seconds(300).run();
}

#[test]
fn back_to_another_template_is_a_release_with_gates() {
    for world in [draining(), stable()] {
        let world = world.blue(rolled).wish(Blue).run();
        world.is(Phase::Gating, Reason::GateRunning).serves(Green);
    }
}

#[test]
fn back_to_a_side_that_is_not_ready_at_full_size_is_a_release_with_gates() {
    for world in [draining(), stable()] {
        let world = world.blue(break_pods(1)).wish(Blue).run().is(Phase::Preparing, Reason::PodsUnready);
        world.blue(heal_pods).run().is(Phase::Gating, Reason::GateRunning).serves(Green);
    }
    let world = stable().green(sized(3)).wish(Blue).run().is(Phase::Gating, Reason::GateRunning);
    assert_eq!(world.replicas(Blue), 3);
}

#[test]
fn back_after_the_old_side_has_shrunk_is_a_release_with_gates() {
    let world = stable().seconds(300).run().look().wish(Blue).run().is(Phase::Gating, Reason::GateRunning);
    world.wrote(&[("shop-blue", scale(2))]);
}

// | the wish while SwitchingBack | going back is finished first |

#[test]
fn a_wish_while_switching_back_waits_until_it_is_finished() {
    let world = verifying().slices_stand_still(true).wish(Blue).step().step().wish(Green).run();
    let world = world.is(Phase::SwitchingBack, Reason::Aborted).serves(Blue);
    world.slices_stand_still(false).run().is(Phase::Verifying, Reason::GateRunning).serves(Green);
}

// | the new side's template, before the switch | new `release`: gates and deadline start again |

#[test]
fn a_new_template_before_the_switch_is_a_new_release() {
    let passed = || {
        let world = gating().before(approval("sign-off")).answer("smoke", Answer::Good).run();
        world.is(Phase::Gating, Reason::ApprovalMissing)
    };
    let world = passed();
    let (release, deadline) = (world.status.release.clone(), world.status.deadline);
    let world = world.seconds(1).green(rolled);
    let world = world.run().is(Phase::Gating, Reason::GateRunning).says("gate smoke");
    assert!(world.status.release != release && world.status.deadline > deadline);
}

#[test]
fn a_new_template_directly_before_the_first_point_is_a_new_release() {
    let world = shop().run().wish(Green).until(Phase::Switching).look();
    let release = world.status.release.clone();
    let world = world.green(rolled).step();
    assert!(world.status.release != release);
    world.wrote(&[]);
}

#[test]
fn a_higher_attempt_before_the_switch_is_a_new_release() {
    let world = gating();
    let release = world.status.release.clone();
    assert_ne!(world.attempt(1).run().status.release, release);
}

// | the new side's template while Switching, Verifying or Draining | go back, then begin anew … |

#[test]
fn a_new_template_after_the_first_write_goes_back_and_begins_anew() {
    let draining = shop().run().wish(Green).run().is(Phase::Draining, Reason::OldSideDraining).look();
    for world in [pointed(), verifying(), draining] {
        let world = world.slices_stand_still(false).green(rolled).step();
        let world = world.is(Phase::SwitchingBack, Reason::TemplateChanged).step();
        let world = world.wrote(&[("shop", to(Blue, 3))]).run().serves(Green);
        assert_eq!(world.status.history[0].outcome, Reason::TemplateChanged);
    }
}

#[test]
fn a_new_template_of_the_serving_side_in_stable_is_an_ordinary_rolling_update() {
    let world = stable().green(rolled).run().is(Phase::Stable, Reason::Switched).wrote(&[]);
    world.wish(Blue).run().serves(Blue);
}

// | the old side changed while it is the way back | scaled up again; `RollbackAvailable` says why not |

#[test]
fn an_old_side_that_was_scaled_down_while_it_is_the_way_back_is_scaled_up_again() {
    for world in [verifying(), draining(), stable()] {
        world.blue(sized(1)).step().wrote(&[("shop-blue", scale(2))]);
    }
}

#[test]
fn whether_there_is_a_way_back_and_why_not_is_told() {
    let told = |world: World, words: &str| {
        let world = world.run();
        let (status, message) = world.condition("RollbackAvailable");
        assert_eq!(status, ConditionStatus::False);
        assert!(message.contains(words), "{message}");
    };
    assert_eq!(stable().condition("RollbackAvailable").0, ConditionStatus::True);
    assert_eq!(verifying().condition("RollbackAvailable").0, ConditionStatus::True);
    told(stable().blue(break_pods(1)), "shop-blue-0: ImagePullBackOff");
    told(stable().blue(rolled), "shop-blue has another template than served");
    told(stable().seconds(300), "no side that could take");
    told(gating(), "no side that could take");
}

// | `paused` | nothing new begins; a switch under way ends or goes back; rule 5 and an abort still act |

#[test]
fn nothing_begins_while_it_is_paused() {
    let world =
        shop().run().look().paused(true).wish(Green).run().is(Phase::Stable, Reason::Paused).wrote(&[]);
    world.paused(false).run().serves(Green);
    let world = gating().paused(true).answer("smoke", Answer::Good).run().is(Phase::Gating, Reason::Paused);
    world.wrote(&[]).paused(false).run().serves(Green);
    preparing().paused(true).run().is(Phase::Preparing, Reason::Paused);
}

#[test]
fn nothing_is_pointed_that_was_not_begun_when_it_is_paused() {
    let world = shop().run().wish(Green).until(Phase::Switching).look().paused(true).run();
    world.is(Phase::Preparing, Reason::Paused).wrote(&[]);
}

#[test]
fn a_switch_under_way_ends_while_it_is_paused() {
    pointed().paused(true).slices_stand_still(false).run().is(Phase::Draining, Reason::OldSideDraining);
    draining().paused(true).seconds(60).run().is(Phase::Stable, Reason::Switched);
}

#[test]
fn what_breaks_and_an_abort_act_while_it_is_paused() {
    verifying().paused(true).wish(Blue).run().serves(Blue);
    verifying().paused(true).green(break_pods(1)).slices_stand_still(false).run().serves(Blue);
    draining().paused(true).wish(Blue).run().serves(Blue);
    stable().paused(true).wish(Blue).run().is(Phase::Stable, Reason::Paused).serves(Green);
}

// | `Held` after a failure | ends when `active`, the failed template, the failed gate or `attempt` changes … |

fn failed() -> World {
    let world = gating().answer("smoke", Answer::Bad("500".into())).run().is(Phase::Held, Reason::GateFailed);
    world.says("gate smoke: 500").seconds(1).run().is(Phase::Held, Reason::GateFailed)
}

#[test]
fn held_after_a_failure_ends_when_the_wish_changes() {
    let world = failed().wish(Blue).run().is(Phase::Stable, Reason::Switched);
    world.wish(Green).run().is(Phase::Gating, Reason::GateRunning);
}

#[test]
fn held_after_a_failure_ends_when_the_failed_template_changes_and_not_when_the_old_one_does() {
    failed().blue(rolled).run().is(Phase::Held, Reason::GateFailed);
    failed().green(rolled).run().is(Phase::Gating, Reason::GateRunning);
}

#[test]
fn held_after_a_failure_ends_when_the_failed_gate_changes_and_not_when_another_does() {
    failed().after(http("probe")).run().is(Phase::Held, Reason::GateFailed);
    failed()
        .spec(|spec| spec.gates.before[0] = approval("smoke"))
        .run()
        .is(Phase::Gating, Reason::ApprovalMissing);
    failed().spec(|spec| spec.gates.before.clear()).run().serves(Green);
}

#[test]
fn held_after_a_failure_ends_when_the_attempt_changes() {
    failed().attempt(1).run().is(Phase::Gating, Reason::GateRunning);
}

#[test]
fn held_where_it_stands_ends_by_the_same() {
    let held = || {
        let world = verifying().spec(|spec| spec.on_failure = OnFailure::Hold);
        let world = world.answer("probe", Answer::Bad("no".into())).run().is(Phase::Held, Reason::GateFailed);
        world.run().is(Phase::Held, Reason::GateFailed).serves(Green)
    };
    let release = held().status.release;
    let again = held().attempt(1).run().is(Phase::Verifying, Reason::GateRunning).serves(Green);
    assert!(again.status.release != release, "what the gate answered before is not for it");
    held().spec(|spec| spec.gates.after.clear()).run().is(Phase::Draining, Reason::OldSideDraining);
    held().wish(Blue).run().is(Phase::Stable, Reason::Switched).serves(Blue);
    held().green(rolled).run().is(Phase::Verifying, Reason::GateRunning).look_at(|world| {
        assert_eq!(world.status.history[0].outcome, Reason::TemplateChanged);
    });
}

#[test]
fn a_release_that_broke_in_stable_is_held_with_the_template_that_broke() {
    let world = stable().green(rolled).run().green(break_pods(2)).slices_stand_still(false).run();
    let world = world.is(Phase::Held, Reason::Broken).serves(Blue).green(heal_pods).run();
    world.is(Phase::Held, Reason::Broken).green(rolled).run().is(Phase::Gating, Reason::GateRunning);
}

#[test]
fn a_release_that_succeeds_forgets_the_failure_before() {
    let world = failed().attempt(1).run().answer("smoke", Answer::Good).run().seconds(60).run();
    assert_eq!(world.is(Phase::Stable, Reason::Switched).status.failed, None);
}
