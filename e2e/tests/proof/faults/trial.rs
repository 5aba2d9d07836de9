//! A workload on a system to which a plan happens.

use std::{cell::RefCell, pin::pin, time::Duration};

use chassis::doubles::Doubles;
use contracts::Style;
use futures_util::future::{Either, join_all, join3, select};
use serde_json::Value;
use switchyard::{order::Replayed, workload};
use tokio::time::sleep;

use super::{life::Life, plan::Plan};
use crate::{generate, world::World};

/// How many lines are worked on at a time.
const AT_A_TIME: usize = 6;

/// How long a trial may take to come to rest: an outage of 20 s, two jumps of the clock by 30 s each, by which what is due is late, a
/// lease of 30 s of a process that died, the longest wait before another attempt, and as much again. Each look costs, so that one
/// that never comes to rest is told of within a minute.
const PATIENCE: Duration = Duration::from_secs(240);

/// A system to which a plan happens.
pub(crate) struct Trial {
    pub(crate) world: World,
    style: Style,
    plan: Plan,
    /// What is put around the parts of Apps beside that.
    around: fn(Doubles) -> Doubles,
    life: RefCell<Life>,
    /// What was reached in all lives that have ended.
    trace: RefCell<Vec<String>>,
}

impl Trial {
    pub(crate) fn new(style: Style, seed: u64, plan: Plan, around: fn(Doubles) -> Doubles) -> Self {
        let world = World::new(&[style], seed, Doubles::default());
        Self { world, style, plan, around, life: Default::default(), trace: Default::default() }
    }

    /// The same, in which nothing may take longer than this.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.world.patience = patience;
        self
    }

    /// Runs the workload while the plan happens, and lets the system come to rest afterwards.
    pub(crate) async fn run(&self, lines: &[Value], at_a_time: usize) -> Replayed {
        let workload = workload::read(&generate::text(lines)).unwrap();
        let running = pin!(self.world.run(self.style, &workload, at_a_time));
        let plan = pin!(join3(self.lives(), self.outages(), self.jumps()));
        let replayed = match select(running, plan).await {
            Either::Left((replayed, _)) => replayed,
            Either::Right((_, running)) => running.await,
        };
        let life = self.life();
        life.spare();
        if life.has_ended() {
            self.begin(Life::default()).await;
        }
        replayed
    }

    /// What is wrong once nothing goes wrong any more; nothing should be.
    pub(crate) async fn wrong(&self, replayed: &Replayed) -> Vec<String> {
        // What was refused by its code was refused for a reason of the domain's.
        let problems = replayed.problems.iter().filter(|problem| problem.code.is_none());
        let mut wrong: Vec<_> = problems.map(ToString::to_string).collect();
        wrong.extend(self.world.broken().await.iter().map(|finding| format!("{finding:?}")));
        wrong
    }

    /// Every boundary of a transaction that was reached, in this order.
    pub(crate) fn trace(&self) -> Vec<String> {
        [self.trace.borrow().clone(), self.life().trace()].concat()
    }

    /// How many boundaries the last life has reached.
    pub(crate) fn reached(&self) -> u64 {
        self.life().reached()
    }

    fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// One life after the other, the last of which does not end.
    async fn lives(&self) {
        for boundaries in &self.plan.lives {
            let life = Life::of(*boundaries);
            // It may end while it begins.
            let (ended, begun) = (pin!(life.ended()), pin!(self.begin(life.clone())));
            if let Either::Right(((), ended)) = select(ended, begun).await {
                ended.await;
            }
        }
        self.begin(Life::default()).await;
    }

    async fn begin(&self, life: Life) {
        let before = self.life.replace(life.clone());
        self.trace.borrow_mut().extend(before.trace());
        self.world.crash().await;
        self.world.start_with((self.around)(self.plan.doubles(&life))).await;
    }

    /// Each service is away when its time has come, whichever life it is.
    async fn outages(&self) {
        let each = self.plan.outages.iter().map(async |(at, service, long)| {
            sleep(*at).await;
            self.life().takes_away(service, true);
            sleep(*long).await;
            self.life().takes_away(service, false);
        });
        join_all(each).await;
    }

    async fn jumps(&self) {
        for (at, micros) in &self.plan.jumps {
            sleep(*at).await;
            self.world.clock.jump(*micros);
        }
    }
}

/// Runs the workload of a seed while what the seed plans happens; `Err` says what is wrong afterwards.
pub(crate) async fn trial(style: Style, seed: u64) -> Result<Vec<String>, String> {
    let (plan, lines) = (Plan::of(seed), generate::lines(seed, generate::Kind::Concurrent));
    let trial = Trial::new(style, seed, plan.clone(), |doubles| doubles).patient(PATIENCE);
    let replayed = trial.run(&lines, AT_A_TIME).await;
    let wrong = trial.wrong(&replayed).await;
    // Parts that stop are woken in an order of chance, since that is how Tokio's `watch` wakes many.
    let trace = trial.trace();
    trial.world.stop().await;
    if wrong.is_empty() {
        return Ok(trace);
    }
    Err(format!("in the style {style}, with {plan:?}:\n{}\nby\n{}", wrong.join("\n"), generate::text(&lines)))
}
