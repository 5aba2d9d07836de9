//! What may happen next in a world.

use rollout::{Colour, Phase};

use crate::{
    controllers, foreign,
    mind::{Mind, Timer},
    operator,
    state::{Answer, FOUR, SLOTS, State, endpoint, side, workload},
    world::{GateKind, WishChange},
};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The operator plans, and what it writes is written.
    Reconcile,
    /// The same, but of one write it does not get to know what became of it.
    Unknown { write: u8 },
    /// The same, but it stops after some of the writes, and perhaps before the status is stored; another process takes over.
    Crash { landed: u8, stored: bool },
    /// The same, but another process leads already, and one of the writes may come later.
    Leader { write: Option<u8>, others: bool, stored: bool },
    /// A write that was in flight reaches the API server.
    Lands,
    /// It never does.
    Lost,
    /// A cache sees one more version.
    Watch(Kind),
    /// The Deployment controller sees a generation.
    Settles { side: u8 },
    /// It makes a pod.
    Creates { side: u8 },
    /// It deletes a pod.
    Deletes { side: u8, slot: u8 },
    /// A pod is gone.
    Gone { side: u8, slot: u8 },
    /// A pod becomes Ready.
    Ready { side: u8, slot: u8 },
    /// The EndpointSlice controller writes what is true of a Service.
    Endpoints { service: u8 },
    /// A pod breaks.
    Breaks { side: u8, slot: u8 },
    /// Somebody mends it.
    Heals { side: u8, slot: u8 },
    /// The wish changes.
    Wishes(WishChange),
    /// A side gets another pod template.
    Template { side: u8 },
    /// Somebody points a Service of ours somewhere else.
    Points { service: u8 },
    /// Somebody points it where its annotation says, or removes the annotation.
    Repairs { service: u8, annotation: bool },
    /// Somebody deletes a Service of ours.
    Removes { service: u8 },
    /// Somebody makes it anew, and it selects that colour.
    Remakes { service: u8, at: Colour },
    /// Somebody scales a Deployment to nothing.
    Scales { side: u8 },
    /// A Service that is none of ours selects a side.
    Refers { side: u8 },
    /// A gate answers, or is approved.
    Answers { after: bool, good: bool },
    /// Time passes.
    Passes(Timer),
}

/// A kind of objects, each with a cache of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Services,
    Deployments,
    Pods,
    Slices,
}

impl Move {
    /// Whether it is ours, or what a cluster does that is well and is left alone.
    pub(crate) fn is_cooperative(self) -> bool {
        match self {
            Self::Reconcile
            | Self::Lands
            | Self::Lost
            | Self::Watch(_)
            | Self::Settles { .. }
            | Self::Creates { .. }
            | Self::Deletes { .. }
            | Self::Gone { .. }
            | Self::Ready { .. }
            | Self::Endpoints { .. }
            | Self::Passes(_) => true,
            Self::Answers { good, .. } => good,
            _ => false,
        }
    }
}

/// What happens, and what it leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) what: Move,
    pub(crate) next: State,
    /// Which rule that breaks.
    pub(crate) fault: Option<&'static str>,
}

/// Where the moves from one state are gathered.
pub(crate) struct Steps {
    pub(crate) from: State,
    pub(crate) steps: Vec<Step>,
}

impl Steps {
    /// Adds one, if it changes something.
    pub(crate) fn add(&mut self, what: Move, next: State) {
        self.judged(what, next, None);
    }

    pub(crate) fn judged(&mut self, what: Move, next: State, fault: Option<&'static str>) {
        if next != self.from || fault.is_some() {
            self.steps.push(Step { what, next, fault });
        }
    }

    /// Adds one that `change` makes.
    pub(crate) fn when(&mut self, possible: bool, what: Move, change: impl FnOnce(&mut State)) {
        if possible {
            let mut next = self.from;
            change(&mut next);
            self.add(what, next);
        }
    }
}

/// Everything that may happen next. An approval is a person's matter; all other answers of gates come by themselves.
pub(crate) fn steps(mind: &mut Mind<'_>, from: State, into: Vec<Step>) -> Vec<Step> {
    let mut steps = Steps { from, steps: into };
    steps.steps.clear();
    operator::steps(mind, &mut steps);
    controllers::steps(mind.world, &mut steps);
    watches(&mut steps);
    foreign::steps(mind.world, &mut steps);
    wishes(mind, &mut steps);
    gates(mind, &mut steps);
    for timer in Timer::ALL {
        if let Some(status) = mind.passed(from.status, timer) {
            let served = if timer == Timer::Drain { listed(&from) } else { 15 };
            steps.add(Move::Passes(timer), State { status, undrained: from.undrained & served, ..from });
        }
    }
    steps.steps
}

/// The sides that a Service lists.
fn listed(state: &State) -> u8 {
    let sides = (0..FOUR).flat_map(|service| Colour::BOTH.map(|colour| (service, colour)));
    let lists = |(service, colour): &(usize, Colour)| {
        (0..SLOTS).any(|slot| state.slices.truth()[*service] & endpoint(*colour, slot) != 0)
    };
    sides.filter(lists).fold(0, |all, (service, colour)| all | 1 << side(workload(service), colour))
}

fn watches(steps: &mut Steps) {
    let from = steps.from;
    steps.when(from.services.is_behind(), Move::Watch(Kind::Services), |next| next.services.advance());
    steps.when(from.deployments.is_behind(), Move::Watch(Kind::Deployments), |next| {
        next.deployments.advance();
    });
    steps.when(from.pods.is_behind(), Move::Watch(Kind::Pods), |next| next.pods.advance());
    steps.when(from.slices.is_behind(), Move::Watch(Kind::Slices), |next| next.slices.advance());
}

fn wishes(mind: &Mind<'_>, steps: &mut Steps) {
    for &change in mind.world.wishes {
        steps.when(steps.from.budget.wishes > 0, Move::Wishes(change), |next| {
            next.budget.wishes -= 1;
            match change {
                WishChange::Colour => next.wish.active = next.wish.active.other(),
                WishChange::Pause => next.wish.paused ^= true,
                WishChange::Attempt => next.wish.attempt += 1,
            }
        });
    }
}

fn gates(mind: &Mind<'_>, steps: &mut Steps) {
    let (world, from) = (mind.world, steps.from);
    let phase = mind.status(from.status).phase;
    let stages = [
        (false, world.before, from.before, Phase::Gating),
        (true, world.after, from.after, Phase::Verifying),
    ];
    for (after, kind, answer, stage) in stages {
        if kind == GateKind::None || answer != Answer::None || phase != stage {
            continue;
        }
        let set = |next: &mut State, answer| *if after { &mut next.after } else { &mut next.before } = answer;
        steps.when(true, Move::Answers { after, good: true }, |next| set(next, Answer::Good));
        let bad = kind == GateKind::Asked && from.budget.bad_answers > 0;
        steps.when(bad, Move::Answers { after, good: false }, |next| {
            next.budget.bad_answers -= 1;
            set(next, Answer::Bad);
        });
    }
}
