//! The operator: it asks the core, stores the status, and writes; at each point it may stop, or not know what became of a write.

use rollout::{Colour, Reason, Requeue};

use crate::{
    mind::{Live, Mind, Question},
    moves::{Move, Steps},
    state::{Answer, FOUR, InFlight, Life, State, Write, side, workload},
    world::{Foreign, World},
};

/// What one reconcile is about to do.
pub(crate) struct Decision {
    /// The status that is stored before the quorum read, if there is one.
    first: Option<u32>,
    status: u32,
    writes: Vec<Write>,
    begins: bool,
    fault: Option<&'static str>,
    /// Why it is where it is.
    pub(crate) reason: Option<Reason>,
}

/// Asks the core, and once more with what a quorum read shows if it wants to see that.
pub(crate) fn decide(mind: &mut Mind<'_>, state: &State) -> Decision {
    let mut question = Question {
        view: state.view(),
        live: None,
        sealed: state.sealed,
        wish: state.wish,
        before: state.before,
        after: state.after,
        status: state.status,
    };
    let answer = mind.plan(question);
    let mut decision = Decision {
        first: None,
        status: answer.status,
        writes: answer.writes.clone(),
        begins: answer.begins,
        fault: answer.fault,
        reason: answer.reason,
    };
    if answer.requeue == Requeue::Read && answer.writes.is_empty() && answer.fault.is_none() {
        if answer.begins {
            (question.before, question.after) = (Answer::None, Answer::None);
        }
        question.status = answer.status;
        question.live = Some(Live { services: state.services.truth(), pods: state.pods.truth() });
        let first = Some(answer.status);
        let answer = mind.plan(question);
        decision = Decision {
            first,
            status: answer.status,
            writes: answer.writes.clone(),
            begins: decision.begins || answer.begins,
            fault: answer.fault,
            reason: answer.reason,
        };
    }
    decision
}

/// What it may do next.
pub(crate) fn steps(mind: &mut Mind<'_>, steps: &mut Steps) {
    let from = steps.from;
    if let Some(InFlight { write, fresh }) = from.in_flight {
        steps.add(Move::Lost, State { in_flight: None, ..from });
        let mut next = State { in_flight: None, ..from };
        let fault = if fresh { next.land(mind.world, write) } else { None };
        steps.judged(Move::Lands, next, fault);
    }
    let decision = decide(mind, &from);
    let all = every(&decision.writes);
    outcome(mind.world, steps, &decision, Move::Reconcile, all, Some(decision.status));
    if decision.fault.is_some() {
        return;
    }
    let free = from.in_flight.is_none();
    if from.budget.late > 0 && free {
        for write in 0..count(&decision.writes) {
            outcome(
                mind.world,
                steps,
                &decision,
                Move::Unknown { write },
                all & !(1 << write),
                Some(decision.status),
            );
        }
    }
    if from.budget.crashes > 0 {
        for landed in 0..=all {
            for (stored, status) in statuses(&decision, from.status) {
                outcome(mind.world, steps, &decision, Move::Crash { landed, stored }, landed, status);
            }
        }
    }
    if from.budget.leaders > 0 {
        leaders(mind.world, steps, &decision, free);
    }
}

/// The writes of the one that led may all have come before the next one leads, or none, and one of them comes later.
fn leaders(world: &World, steps: &mut Steps, decision: &Decision, free: bool) {
    let all = every(&decision.writes);
    let late = (0..count(&decision.writes)).filter(|_| free).map(Some);
    for write in late.chain([None]) {
        let bit = write.map_or(0, |write| 1 << write);
        for (others, landed) in [(true, all & !bit), (false, 0)] {
            for (stored, status) in statuses(decision, steps.from.status) {
                outcome(world, steps, decision, Move::Leader { write, others, stored }, landed, status);
            }
        }
    }
}

/// The status may have been stored, or only that before the quorum read.
fn statuses(decision: &Decision, was: u32) -> [(bool, Option<u32>); 2] {
    [(true, Some(decision.status)), (false, decision.first.filter(|first| *first != was))]
}

fn every(writes: &[Write]) -> u8 {
    (1 << count(writes)) - 1
}

fn count(writes: &[Write]) -> u8 {
    u8::try_from(writes.len().min(7)).expect("at most seven")
}

/// What it leads to, if these writes reach the API server.
fn outcome(
    world: &World,
    steps: &mut Steps,
    decision: &Decision,
    what: Move,
    landed: u8,
    status: Option<u32>,
) {
    let mut next = steps.from;
    let mut fault = decision.fault;
    if let Some(status) = status {
        next.status = status;
        if decision.begins {
            (next.before, next.after) = (Answer::None, Answer::None);
        }
    }
    let (services, sides) = (next.services.stale(), next.deployments.stale());
    let fresh = |write: Write| {
        let (service, bit) = write.object();
        bit & if service { services } else { sides } == 0
    };
    let late = match what {
        Move::Unknown { write } | Move::Leader { write: Some(write), .. } => Some(usize::from(write)),
        _ => None,
    };
    for (index, &write) in decision.writes.iter().enumerate() {
        if late == Some(index) {
            next.in_flight = Some(InFlight { write, fresh: fresh(write) });
        } else if landed & (1 << index) != 0 && fresh(write) {
            fault = fault.or(next.land(world, write));
            next.known(write);
        }
    }
    match what {
        Move::Unknown { .. } => (next.budget.late, next.sealed) = (next.budget.late - 1, 0),
        Move::Crash { .. } => (next.budget.crashes, next.sealed) = (next.budget.crashes - 1, 0),
        Move::Leader { .. } => (next.budget.leaders, next.sealed) = (next.budget.leaders - 1, 0),
        _ => {}
    }
    steps.judged(what, next, fault);
}

impl State {
    /// What was planned from an older version of it conflicts.
    pub(crate) fn touched(&mut self, service: bool, bit: u8) {
        if let Some(in_flight) = &mut self.in_flight
            && in_flight.write.object() == (service, bit)
        {
            in_flight.fresh = false;
        }
    }

    /// The operator knows of its own write, and plans from nothing older; nor does it look for evidence in older slices.
    fn known(&mut self, write: Write) {
        let (service, bit) = write.object();
        if service {
            self.services.catch_up();
            self.slices.catch_up();
        } else {
            self.deployments.catch_up();
        }
        self.sealed |= if service { bit & 15 } else { bit << 4 };
    }

    /// The write reaches the API server, whose object is as the write expects it. Which rule that breaks.
    fn land(&mut self, world: &World, write: Write) -> Option<&'static str> {
        let (service, bit) = write.object();
        let (mut services, mut sides) = (self.services.truth(), self.deployments.truth());
        let mut fault = None;
        match write {
            Write::Point { service, to } => {
                let service = usize::from(service);
                let seen = &mut services.ours[service];
                (seen.points_at, seen.mark) = (Some(to), Some(to));
                // Nobody's requests come by a preview.
                if service < FOUR {
                    let there = sides[side(workload(service), to)].replicas;
                    fault = (there == 0 && world.foreign.is_empty())
                        .then_some("a `Point` of ours landed on a side that has no replicas");
                    let left = side(workload(service), to.other());
                    let pods = self.pods.truth()[left];
                    self.undrained |= u8::from(pods.iter().any(|pod| pod.life != Life::Absent)) << left;
                }
            }
            Write::SealService { service } => {
                let seen = &mut services.ours[usize::from(service)];
                seen.mark = seen.mark.or(seen.points_at);
            }
            // The generation rises with the annotations too.
            Write::SealSide { side } => sides[usize::from(side)].settled = false,
            Write::Scale { side, replicas } => {
                let serves = serves(world, self, side.into());
                let seen = &mut sides[usize::from(side)];
                fault = (replicas < seen.replicas && serves).then_some(
                    "a scale-down of ours landed on the side that a `Point` of ours made the serving one",
                );
                let early = replicas < seen.replicas
                    && !world.drained
                    && !world.foreign.contains(&Foreign::Point)
                    && self.undrained & (1 << side) != 0;
                fault = fault.or(early.then_some("rule 3: a side is scaled down that is not drained"));
                if seen.replicas == replicas {
                    return fault;
                }
                self.undrained &= if replicas == 0 { !(1 << side) } else { 15 };
                (seen.replicas, seen.settled) = (replicas, false);
            }
        }
        if service {
            self.services.publish(services, bit, world.lag);
        } else {
            self.deployments.publish(sides, bit, world.lag);
        }
        self.touched(service, bit);
        fault
    }
}

/// Whether a Service selects that side because we have pointed it there.
fn serves(world: &World, state: &State, index: usize) -> bool {
    let at = Some(Colour::BOTH[index % 2]);
    world.services_of(index / 2).any(|service| {
        let seen = state.services.truth().ours[service];
        seen.points_at == at && seen.mark == at
    })
}
