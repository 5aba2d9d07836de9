//! One gate that is asked, and what it has answered so far.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use kube::runtime::reflector::ObjectRef;
use rollout::{
    BlueGreen, Colour, Gate, Kind, Span,
    observed::{Answer, Answers},
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, MissedTickBehavior, interval},
};

use super::{Means, Release, breakers, http, job, prometheus};
use crate::pods::Pods;

/// A status's message takes no more of one answer, in characters.
const SENTENCE: usize = 200;

/// A gate that is asked for as long as this is held.
pub(super) struct Asking {
    gate: Gate,
    answers: Arc<Mutex<Answers>>,
    task: JoinHandle<()>,
}

impl Asking {
    pub(super) fn begin(
        means: &Arc<Means>,
        release: &Release,
        gate: Gate,
        pods: watch::Receiver<Pods>,
    ) -> Self {
        let answers = Arc::<Mutex<Answers>>::default();
        let asked = Asked {
            means: Arc::clone(means),
            object: release.object(),
            namespace: release.namespace.clone(),
            uid: release.uid.clone(),
            release: release.release.clone(),
            to: release.to,
            gate: gate.clone(),
            pods,
            answers: Arc::clone(&answers),
        };
        Self { gate, answers, task: tokio::spawn(asked.run()) }
    }

    /// The gate as it was declared when it was begun.
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn answers(&self) -> Answers {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task of a gate knows.
pub(super) struct Asked {
    pub(super) means: Arc<Means>,
    pub(super) object: ObjectRef<BlueGreen>,
    pub(super) namespace: String,
    pub(super) uid: String,
    pub(super) release: String,
    pub(super) to: Colour,
    pub(super) gate: Gate,
    pub(super) pods: watch::Receiver<Pods>,
    answers: Arc<Mutex<Answers>>,
}

impl Asked {
    async fn run(self) {
        match self.gate.kind() {
            Some(Kind::Http(declared)) => http::run(&self, declared).await,
            Some(Kind::Prometheus(declared)) => prometheus::run(&self, declared).await,
            Some(Kind::Breakers(declared)) => breakers::run(&self, declared).await,
            Some(Kind::Job(declared)) => job::run(&self, declared).await,
            Some(Kind::Approval) | None => {}
        }
    }

    /// Takes an answer, and asks for a reconcile if it changes how the gate stands. False once it has failed: nobody needs to
    /// ask it again.
    pub(super) async fn hear(&self, answer: Answer) -> bool {
        self.means.ways.metrics.gate_answered(&self.gate, &answer);
        let answer = match answer {
            Answer::Good => Answer::Good,
            Answer::Bad(why) => Answer::Bad(sentence(&why)),
            Answer::Unknown(why) => Answer::Unknown(sentence(&why)),
        };
        let lasts = self.gate.lasts().unwrap_or_default();
        let (before, after) = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let before = Standing::of(&answers, lasts);
            answers.hear(answer, self.means.clock.now());
            (before, Standing::of(&answers, lasts))
        };
        if before != after {
            // Whoever listens is slow at most; if nobody does the process ends.
            let _ = self.means.trigger.send(self.object.clone()).await;
        }
        after != Standing::Failed
    }

    /// Asks again and again, every `period`, until it fails. One question is over before the next begins.
    pub(super) async fn every<F>(&self, period: Duration, mut ask: impl FnMut() -> F)
    where
        F: Future<Output = Answer>,
    {
        let mut due = interval(period);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            let answer = ask().await;
            if !self.hear(answer).await {
                return;
            }
        }
    }

    /// The pods of the new side, and those of the old one.
    pub(super) fn sides(&self) -> (Vec<crate::pods::Pod>, Vec<crate::pods::Pod>) {
        let pods = self.pods.borrow();
        let side = |colour| pods.get(&colour).cloned().unwrap_or_default();
        (side(self.to), side(self.to.other()))
    }
}

/// How a gate stands, as far as a plan can tell: two answers of the same standing need no second plan.
#[derive(PartialEq, Eq)]
enum Standing {
    Unheard,
    Unknown(String),
    Lasting,
    Passed,
    Failed,
}

impl Standing {
    fn of(answers: &Answers, lasts: Span) -> Self {
        let Some(asked) = answers.asked else { return Self::Unheard };
        match (&answers.bad, &answers.unknown, answers.good_since) {
            (Some(_), ..) => Self::Failed,
            (None, Some(why), _) => Self::Unknown(why.clone()),
            (None, None, Some(since)) if asked.is_past(since, lasts) => Self::Passed,
            (None, None, _) => Self::Lasting,
        }
    }
}

fn sentence(why: &str) -> String {
    why.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(SENTENCE).collect()
}
