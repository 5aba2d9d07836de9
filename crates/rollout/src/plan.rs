//! `plan`: what is done next about one BlueGreen, from what is wished, seen and remembered.
//!
//! The machine is drawn in the crate's README. Each phase is a function in a file of its own, called again and again until it stays
//! where it is. It is total: whatever is seen, it answers.

mod back;
mod broken;
mod draining;
mod evidence;
mod facts;
mod gates;
mod gating;
mod held;
mod obstacles;
mod planner;
mod preparing;
mod preview;
mod seals;
mod shrink;
mod sides;
mod stable;
mod summary;
mod switching;
mod switching_back;
mod undo;
mod verifying;
mod writes;

use self::planner::{Next, Planner};
pub use self::writes::{Change, Object, Plan, Requeue, Write};
use crate::{BlueGreenSpec, Observed, Phase, Status, Time, rule::Rule};

/// What is done next. The same question has the same answer, and whatever is seen and remembered, there is one.
///
/// # What whoever carries a plan out must keep
///
/// - The status that is given is one that is stored. A phase is stored before anything that it permits is written:
///   [`Requeue::Again`] and [`Requeue::Read`] mean «store, then plan again at once». The status and the writes of one plan may be
///   sent side by side, and either may be lost in a crash.
/// - Each write carries the version that it was planned from, and a refused one is planned again. One of unknown result is not
///   repeated, but its object is no longer `sealed`.
/// - [`Observed::live`] is read in the same reconcile, and only if a plan has asked for it.
/// - What was written is seen before the next plan is made: the object, and after a `Point` the Service's slices.
#[must_use]
pub fn plan(spec: &BlueGreenSpec, status: &Status, seen: &Observed, now: Time) -> Plan {
    plan_without(None, spec, status, seen, now)
}

/// The same by a twin that does not keep one of the rules.
#[must_use]
pub fn plan_without(
    without: Option<Rule>,
    spec: &BlueGreenSpec,
    status: &Status,
    seen: &Observed,
    now: Time,
) -> Plan {
    let mut planner = Planner::new(without, spec, status, seen, now);
    // A plan passes at most each phase once; more would be going round in circles.
    for _ in 0..8 {
        let next = match planner.status.phase {
            Phase::Stable => stable::stable(&mut planner),
            Phase::Preparing => preparing::preparing(&mut planner),
            Phase::Gating => gating::gating(&mut planner),
            Phase::Switching => switching::switching(&mut planner),
            Phase::Verifying => verifying::verifying(&mut planner),
            Phase::Draining => draining::draining(&mut planner),
            Phase::SwitchingBack => switching_back::switching_back(&mut planner),
            Phase::Held => held::held(&mut planner),
        };
        match next {
            Next::Stay(why) => {
                planner.show_the_preview();
                return planner.finish(why);
            }
            Next::Store(phase, why) if planner.keeps(Rule::StoredFirst) => {
                planner.enter(phase);
                planner.writes.clear();
                planner.again();
                return planner.finish(why);
            }
            Next::Go(phase) | Next::Store(phase, _) => planner.enter(phase),
        }
    }
    planner.again();
    planner.finish(crate::Reason::Checking.into())
}
