//! A whole release, from the wish to the idle side, and one that goes back.

use rollout::{Phase, Reason, observed::Answer};

use crate::world::{Blue, Green, approval, breakers, http, scale, seal, shop, to};

#[test]
fn a_release_goes_from_the_wish_to_the_idle_side() {
    let world = shop().before(http("smoke")).before(approval("sign-off")).after(breakers("breakers"));

    // Taken over as it stands.
    let world = world.run().is(Phase::Stable, Reason::Switched).serves(Blue).wrote(&[("shop", seal(1))]);

    // The wish: green is scaled up, gets ready, and the first gate is asked.
    let world = world.look().wish(Green).step().is(Phase::Preparing, Reason::ScalingUp);
    let world = world.wrote(&[("shop-green", scale(2))]).run().is(Phase::Gating, Reason::GateRunning);

    // The gates pass, one after the other; then everything is checked once more, and the Service is pointed.
    let world = world.answer("smoke", Answer::Good).run().is(Phase::Gating, Reason::ApprovalMissing);
    let world = world.look().approve("sign-off").step().is(Phase::Switching, Reason::Checking).wrote(&[]);
    let world = world.step().is(Phase::Switching, Reason::Pointing).wrote(&[("shop", to(Green, 2))]);

    // The endpoints show it; the gate after the switch passes once it was good for ten seconds.
    let world = world.run().is(Phase::Verifying, Reason::GateRunning).serves(Green);
    let world = world.answer("breakers", Answer::Good).run().is(Phase::Verifying, Reason::GateRunning);
    let world = world.seconds(10).answer("breakers", Answer::Good).run();

    // The old side ends what it has begun, and stands ready for another five minutes.
    let world = world.is(Phase::Draining, Reason::OldSideDraining).drained(Blue).run();
    let world = world.is(Phase::Stable, Reason::Switched).serves(Green);
    assert_eq!(world.replicas(Blue), 2);
    let world = world.seconds(299).run();
    assert_eq!(world.replicas(Blue), 2);
    let world = world.look().seconds(1).run().is(Phase::Stable, Reason::Switched);
    world.wrote(&[("shop-blue", scale(0))]);
}

#[test]
fn what_breaks_goes_back_and_is_not_tried_again_until_somebody_changes_something() {
    let world = shop().wish(Green).until(Phase::Draining).run().look();
    let world = world.green(crate::world::break_pods(1)).slices_stand_still(false);
    let world = world.run().is(Phase::Held, Reason::Broken).serves(Blue).says("ImagePullBackOff");
    let world = world.wrote(&[("shop", to(Blue, 3))]);
    let world = world.look().seconds(3600).run().is(Phase::Held, Reason::Broken).seconds(3600).run();
    world.wrote(&[("shop-green", scale(0))]).attempt(1).run().serves(Green);
}
