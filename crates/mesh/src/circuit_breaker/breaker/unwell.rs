//! What a breaker decides that is not closed, or does not stay so: under its lock.

use std::{sync::atomic::Ordering, time::Duration};

use super::Breaker;
use crate::{
    circuit_breaker::{
        Mode, Reason, State, Transition,
        places::Places,
        ticket::{Admission, Kind},
        word::Word,
    },
    classify::{Outcome, Verdict},
    clock::Moment,
    random::Random,
};

/// What is looked at only while the breaker is not closed. State and mode change under this lock alone.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) leases: Places,
    waiting: Places,
    successes: u32,
    /// How many back-offs have been in vain.
    in_vain: u32,
    last_backoff: Duration,
    closed_at: Option<Moment>,
    /// When state or mode last changed, or when the breaker was made.
    pub(super) changed_at: Moment,
    /// Why, if they have.
    pub(super) reason: Option<Reason>,
    random: Random,
}

impl Guarded {
    pub(super) fn new(seed: u64, now: Moment) -> Self {
        Self {
            leases: Places::default(),
            waiting: Places::default(),
            successes: 0,
            in_vain: 0,
            last_backoff: Duration::ZERO,
            closed_at: None,
            changed_at: now,
            reason: None,
            random: Random(seed),
        }
    }

    fn begin_anew(&mut self, reason: Reason, now: Moment) {
        self.leases.clear();
        self.successes = 0;
        self.changed_at = now;
        self.reason = Some(reason);
    }
}

impl Breaker {
    #[cold]
    pub(super) fn admit_unwell(&self, word: Word, now: Moment) -> (Admission, Option<Transition>) {
        // A storm of calls on an open breaker takes no lock.
        if let (State::Open, Some(wait)) = (word.state, self.still_open(now)) {
            return (Admission::Refuse(Some(wait)), None);
        }
        let mut guarded = self.lock();
        let mut word = self.word();
        let mut transition = None;
        // Open => HalfOpen
        if word.state == State::Open {
            if let Some(wait) = self.still_open(now) {
                return (Admission::Refuse(Some(wait)), None);
            }
            transition = Some(self.change(&mut guarded, State::HalfOpen, Reason::BackoffOver, now));
            word = self.word();
        }
        if word.counts() {
            return (Admission::pass(word, Kind::Counted), transition);
        }
        if word.state != State::HalfOpen {
            return (Admission::Refuse(None), transition);
        }
        let places = self.places(&guarded);
        let admission = match guarded.leases.take(places, now, self.policy.lease) {
            Some(place) => Admission::pass(word, Kind::Probe(place)),
            None => Admission::Refuse(None),
        };
        (admission, transition)
    }

    // Closed => Open
    #[cold]
    pub(super) fn trip(
        &self,
        generation: u32,
        reason: Reason,
        verdict: Verdict,
        now: Moment,
    ) -> Option<Transition> {
        let mut guarded = self.lock();
        if self.word().generation != generation {
            return None;
        }
        let closed_for = guarded.closed_at.map(|closed_at| now.since(closed_at));
        let flaps = closed_for.is_some_and(|closed_for| closed_for < guarded.last_backoff);
        guarded.in_vain = if flaps { guarded.in_vain.saturating_add(1) } else { 0 };
        Some(self.open(&mut guarded, reason, verdict, now))
    }

    // HalfOpen => (HalfOpen | Open | Closed)
    #[cold]
    pub(super) fn probed(
        &self,
        generation: u32,
        place: u32,
        verdict: Verdict,
        started: Moment,
        now: Moment,
    ) -> Option<Transition> {
        let mut guarded = self.lock();
        if self.word().generation != generation || !guarded.leases.give_back(place, now) {
            return None;
        }
        let failed = match verdict.outcome {
            Outcome::Cancelled => return None,
            Outcome::Failure | Outcome::Throttled => Some(Reason::ProbeFailed),
            Outcome::Success | Outcome::Refusal => {
                self.is_slow(verdict, started, now).then_some(Reason::ProbeSlow)
            }
        };
        if let Some(reason) = failed {
            guarded.in_vain = guarded.in_vain.saturating_add(1);
            return Some(self.open(&mut guarded, reason, verdict, now));
        }
        guarded.successes += 1;
        if guarded.successes < self.policy.probes {
            return None;
        }
        guarded.closed_at = Some(now);
        Some(self.change(&mut guarded, State::Closed, Reason::ProbesSucceeded, now))
    }

    fn open(&self, guarded: &mut Guarded, reason: Reason, verdict: Verdict, now: Moment) -> Transition {
        let backoff = self.policy.open.after(guarded.in_vain, guarded.random.part());
        let asked = verdict.retry_after.unwrap_or_default().min(self.policy.retry_after_at_most);
        let open_for = backoff.max(asked);
        guarded.last_backoff = open_for;
        self.open_until.store((now + open_for).as_nanos(), Ordering::Release);
        Transition { open_for: Some(open_for), ..self.change(guarded, State::Open, reason, now) }
    }

    /// Begins anew in this mode.
    pub(in super::super) fn set_mode(&self, mode: Mode, now: Moment) -> Transition {
        let mut guarded = self.lock();
        guarded.in_vain = 0;
        guarded.closed_at = None;
        self.change_to(&mut guarded, mode, State::Closed, Reason::ModeSet, now)
    }

    fn change(&self, guarded: &mut Guarded, to: State, reason: Reason, now: Moment) -> Transition {
        self.change_to(guarded, self.word().mode, to, reason, now)
    }

    fn change_to(
        &self,
        guarded: &mut Guarded,
        mode: Mode,
        to: State,
        reason: Reason,
        now: Moment,
    ) -> Transition {
        guarded.begin_anew(reason, now);
        if let (State::Closed, Some(window)) = (to, &self.window) {
            window.clear();
        }
        let before = self.word();
        let word = before.next(mode, to);
        // Calls that count at this moment find another generation, and look again. It is a swap, so that whatever they have counted comes before it.
        self.word.0.swap(word.pack(), Ordering::AcqRel);
        Transition { generation: word.generation, from: before.state, to, mode, reason, open_for: None }
    }

    /// A place to wait in for an inner service that is not ready; there are as many as probes.
    pub(in super::super) fn wait(&self, now: Moment) -> Option<u32> {
        let places = usize::try_from(self.policy.probes).unwrap_or(usize::MAX);
        self.lock().waiting.take(places, now, self.policy.lease)
    }

    /// Gives a place to wait in back.
    pub(in super::super) fn stop_waiting(&self, place: u32, now: Moment) {
        self.lock().waiting.give_back(place, now);
    }

    /// How many leases there may be, beside the probes that have succeeded.
    pub(super) fn places(&self, guarded: &Guarded) -> usize {
        usize::try_from(self.policy.probes.saturating_sub(guarded.successes)).unwrap_or(usize::MAX)
    }
}
