//! A call of an endpoint, and what it tells of it.

use std::sync::Arc;

use super::{
    Reason,
    member::{Held, sample},
    pool::Pool,
};
use crate::{
    circuit_breaker,
    classify::{Outcome, Report, Verdict},
    clock::{Clock, Moment},
};

/// A call that is under way, until it is told what came of it or dropped.
#[derive(Debug)]
pub struct Call<S, C: Clock> {
    pool: Arc<Pool<S, C>>,
    held: Held<S, C>,
    gate: Option<circuit_breaker::Call<C>>,
    started: Moment,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Answered,
    /// There was no answer but an error.
    Broken,
    Told,
}

impl<S, C: Clock> Call<S, C> {
    pub(super) fn new(
        pool: Arc<Pool<S, C>>,
        held: Held<S, C>,
        gate: Option<circuit_breaker::Call<C>>,
        started: Moment,
    ) -> Self {
        Self { pool, held, gate, started, progress: Progress::Waiting }
    }

    /// The answer is there, or an error is.
    pub(super) fn ended(&mut self, broken: bool) {
        self.progress = if broken { Progress::Broken } else { Progress::Answered };
    }

    fn settle(&mut self, verdict: Verdict) {
        let (pool, member) = (&self.pool, &self.held.0);
        let now = pool.clock.now();
        let policy = &pool.policy;
        let counted_already = self.progress == Progress::Broken
            && verdict.outcome == Outcome::Failure
            && member.died_already(self.started, now, policy.together);
        let outcome = if counted_already { Outcome::Cancelled } else { verdict.outcome };
        self.time(Verdict { outcome, ..verdict }, now);
        if let Some(gate) = self.gate.take() {
            gate.tell(Verdict { outcome, ..verdict });
        }
        let success = match outcome {
            Outcome::Success | Outcome::Refusal => true,
            Outcome::Failure => false,
            Outcome::Throttled | Outcome::Cancelled => return,
        };
        let failures = member.record.count(success);
        let limit = policy.outlier.as_ref().and_then(|outlier| outlier.consecutive_failures);
        if let Some(limit) = limit.filter(|limit| failures >= u64::from(*limit)) {
            member.record.forgive();
            pool.eject(member, Reason::ConsecutiveFailures(limit), now);
        }
    }

    /// Takes in how long the call took. A failure counts as slow, or endpoints that fail fast would look good; and who left without an answer
    /// waited for at least so long.
    fn time(&self, verdict: Verdict, now: Moment) {
        let (pool, answers_in) = (&self.pool, &self.held.0.answers_in);
        let terms = pool.terms(now);
        let took = sample(now.since(self.started));
        match verdict.outcome {
            Outcome::Success | Outcome::Refusal if verdict.timed => {
                pool.usual.mean(terms.at, took);
                answers_in.peak(terms.at, took);
            }
            Outcome::Failure | Outcome::Throttled => {
                let factor = pool.policy.failure_factor as f32;
                answers_in.peak(terms.at, took.max(terms.usual.unwrap_or(took) * factor));
            }
            Outcome::Cancelled if self.progress == Progress::Waiting => {
                let known = answers_in.read(terms.at, terms.usual).or(terms.usual);
                if known.is_none_or(|known| took > known) {
                    answers_in.peak(terms.at, took);
                }
            }
            Outcome::Success | Outcome::Refusal | Outcome::Cancelled => {}
        }
    }
}

impl<S, C: Clock> Report for Call<S, C> {
    fn tell(mut self, verdict: Verdict) {
        self.settle(verdict);
        self.progress = Progress::Told;
    }
}

impl<S, C: Clock> Drop for Call<S, C> {
    fn drop(&mut self) {
        if self.progress != Progress::Told {
            self.settle(Verdict::new(Outcome::Cancelled));
        }
    }
}
