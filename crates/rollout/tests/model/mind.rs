//! What the operator thinks: each question to the core is asked once, and each status is kept once.
//!
//! Of a status only that is kept which a later plan looks at, and of its times only what is over and what is not. So time has no
//! clock in a world: a deadline is running until a move says that it has passed.

use std::collections::HashMap;

use rollout::{Phase, Reason, Requeue, Span, Status, Time, twin, twin::Rule};

use crate::{
    hash::Fast,
    judge,
    observe::{compact, observed},
    state::{Answer, Cluster, FOUR, Pod, SLOTS, Services, Wish, Write},
    world::{DRAIN, IDLE, World},
};

/// When every plan is made.
pub(crate) const NOW: Time = Time::from_millis(1_000_000_000);
const LATER: Time = NOW.after(Span::secs(3600));
/// For so long a Service may have no endpoint.
const DARK: Span = Span::secs(1);
/// The hash of whichever release is under way.
pub(crate) const RELEASE: &str = "r";

/// What the core is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) view: Cluster,
    pub(crate) live: Option<Live>,
    pub(crate) sealed: u8,
    pub(crate) wish: Wish,
    pub(crate) before: Answer,
    pub(crate) after: Answer,
    pub(crate) status: u32,
}

/// What a quorum read shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Live {
    pub(crate) services: Services,
    pub(crate) pods: [[Pod; SLOTS]; FOUR],
}

impl Live {
    /// The same view with the Services as they were just read.
    pub(crate) fn services_in(&self, view: &Cluster) -> Cluster {
        Cluster { services: self.services, ..*view }
    }
}

/// What the core answers.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u32,
    pub(crate) writes: Vec<Write>,
    pub(crate) requeue: Requeue,
    pub(crate) reason: Option<Reason>,
    /// Whether another release has begun, of which no gate has answered.
    pub(crate) begins: bool,
    /// Which rule the plan breaks.
    pub(crate) fault: Option<&'static str>,
}

/// A time that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The progress deadline.
    Deadline,
    /// The second that a Service may have no endpoint.
    Dark,
    /// The longest drain.
    Drain,
    /// The time for which the other side keeps its size.
    Idle,
}

impl Timer {
    pub(crate) const ALL: [Self; 4] = [Self::Deadline, Self::Dark, Self::Drain, Self::Idle];
}

/// The core, or a twin of it, in a world.
pub(crate) struct Mind<'w> {
    pub(crate) world: &'w World,
    without: Option<Rule>,
    statuses: Vec<Status>,
    numbers: HashMap<Status, u32, Fast>,
    asked: HashMap<Question, u32, Fast>,
    answers: Vec<Answered>,
}

impl<'w> Mind<'w> {
    pub(crate) fn new(world: &'w World, without: Option<Rule>) -> Self {
        let mut mind = Self {
            world,
            without,
            statuses: vec![],
            numbers: HashMap::default(),
            asked: HashMap::default(),
            answers: vec![],
        };
        mind.number(essence(Status::default()));
        mind
    }

    /// How many plans have been made.
    pub(crate) fn plans(&self) -> usize {
        self.answers.len()
    }

    pub(crate) fn status(&self, number: u32) -> &Status {
        &self.statuses[number as usize]
    }

    fn number(&mut self, status: Status) -> u32 {
        if let Some(known) = self.numbers.get(&status) {
            return *known;
        }
        let number = u32::try_from(self.statuses.len()).expect("fewer statuses");
        self.statuses.push(status.clone());
        self.numbers.insert(status, number);
        number
    }

    pub(crate) fn plan(&mut self, question: Question) -> &Answered {
        if let Some(&known) = self.asked.get(&question) {
            return &self.answers[known as usize];
        }
        let number = u32::try_from(self.answers.len()).expect("fewer plans");
        let answer = self.ask(&question);
        self.answers.push(answer);
        self.asked.insert(question, number);
        &self.answers[number as usize]
    }

    fn ask(&mut self, question: &Question) -> Answered {
        let (spec, seen) = (self.world.spec(question.wish), observed(self.world, question));
        let was = self.status(question.status);
        let plan = twin::plan_without(self.without, &spec, was, &seen, NOW);
        let writes: Vec<_> = plan.writes.iter().filter_map(compact).collect();
        let fault = judge::fault(self.world, was, question, &plan.status, &writes);
        let begins = plan.status.release.is_some() && plan.status.release.as_deref() != Some(RELEASE);
        Answered {
            writes,
            requeue: plan.requeue,
            reason: plan.status.reason,
            begins,
            fault,
            status: self.number(essence(plan.status)),
        }
    }

    /// The status after that time has passed, if it runs.
    pub(crate) fn passed(&mut self, number: u32, timer: Timer) -> Option<u32> {
        let mut status = self.status(number).clone();
        let idle = matches!(status.phase, Phase::Stable | Phase::Held);
        match timer {
            Timer::Deadline if status.deadline_stopped.is_none() && status.phase != Phase::Stable => {
                status.deadline = status.deadline.map(|_| NOW);
            }
            Timer::Dark => {
                let services = status.services.iter_mut().filter(|service| service.dark_since.is_some());
                services.for_each(|service| service.dark_since = Some(ago(DARK)));
            }
            Timer::Drain if status.drained_at.is_none() => {
                status.draining_since = status.draining_since.map(|_| ago(DRAIN));
            }
            Timer::Idle if idle => status.drained_at = status.drained_at.map(|_| ago(IDLE)),
            _ => {}
        }
        let passed = self.number(status);
        (passed != number).then_some(passed)
    }
}

/// So long ago.
fn ago(span: Span) -> Time {
    Time::from_millis(NOW.as_millis() - i64::try_from(span.as_millis()).expect("a short time"))
}

fn ran(since: Option<Time>, span: Span) -> Option<Time> {
    since.map(|since| if NOW.is_past(since, span) { ago(span) } else { NOW })
}

/// What a later plan looks at.
fn essence(mut status: Status) -> Status {
    (status.active, status.since, status.reason) = (None, Some(NOW), None);
    status.message.clear();
    status.history.clear();
    status.conditions.clear();
    (status.observed_generation, status.release_generation) = (0, 0);
    status.release = status.release.map(|_| RELEASE.into());
    status.deadline = status.deadline.map(|at| if at <= NOW { NOW } else { LATER });
    status.deadline_stopped = status.deadline_stopped.map(|_| NOW);
    status.began = status.began.map(|_| NOW);
    status.draining_since = ran(status.draining_since, DRAIN);
    status.drained_at = ran(status.drained_at, IDLE);
    for service in &mut status.services {
        (service.active, service.endpoints) = (None, 0);
        service.pointed_at = service.pointed_at.map(|_| NOW);
        service.dark_since = ran(service.dark_since, DARK);
    }
    for gate in &mut status.gates {
        gate.since = NOW;
        gate.message.clear();
    }
    if let Some(failed) = &mut status.failed {
        failed.message.clear();
    }
    status
}
