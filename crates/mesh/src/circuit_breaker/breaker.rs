//! The decisions of a breaker. Time comes as a value; nothing here waits, and only a breaker that is not closed is locked.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{
    Mode, Policy, Reason, State, Transition,
    places::Places,
    window::{Totals, Window},
    word::Word,
};
use crate::{
    classify::{Outcome, Verdict},
    clock::Moment,
    random::Random,
    sync::{AtomicU64, Mutex, MutexGuard},
};

#[derive(Debug)]
pub(super) struct Breaker {
    word: Alone,
    /// Until when it is open; written before the word that says so.
    open_until: AtomicU64,
    refused: AtomicU64,
    policy: Policy,
    window: Option<Window>,
    guarded: Mutex<Guarded>,
}

/// Every call reads the word, so nothing that is written beside it may share its line of the cache.
#[derive(Debug)]
#[repr(align(64))]
struct Alone(AtomicU64);

/// What is looked at only while the breaker is not closed. State and mode change under this lock alone.
#[derive(Debug)]
struct Guarded {
    leases: Places,
    waiting: Places,
    successes: u32,
    /// How many back-offs have been in vain.
    in_vain: u32,
    last_backoff: Duration,
    closed_at: Option<Moment>,
    random: Random,
}

/// Whether a call goes through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Pass(Ticket),
    /// With the time until the next probe, if it is known.
    Refuse(Option<Duration>),
}

/// What a call has to show when it tells what came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    generation: u32,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Counted,
    Uncounted,
    Probe(u64),
}

impl Ticket {
    /// Whether it holds a place that has to be given back.
    pub(super) fn is_probe(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }
}

impl Breaker {
    pub(super) fn new(policy: Policy, seed: u64) -> Self {
        let window = policy.has_window().then(|| Window::new(policy.window, policy.buckets));
        let guarded = Guarded {
            leases: Places::default(),
            waiting: Places::default(),
            successes: 0,
            in_vain: 0,
            last_backoff: Duration::ZERO,
            closed_at: None,
            random: Random(seed),
        };
        Self {
            word: Alone(AtomicU64::new(Word::FIRST.pack())),
            open_until: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            policy,
            window,
            guarded: Mutex::new(guarded),
        }
    }

    #[inline]
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    #[inline]
    pub(super) fn word(&self) -> Word {
        Word::unpack(self.word.0.load(Ordering::Acquire))
    }

    /// Lets a call through, or not.
    #[inline]
    pub(super) fn admit(&self, now: impl Fn() -> Moment) -> (Admission, Option<Transition>) {
        let word = self.word();
        if word.counts() {
            return (pass(word, Kind::Counted), None);
        }
        let (admission, transition) = match word.mode {
            Mode::ForcedClosed => (pass(word, Kind::Uncounted), None),
            Mode::ForcedOpen => (Admission::Refuse(None), None),
            Mode::Automatic | Mode::ObserveOnly => self.admit_unwell(word, now()),
        };
        if !matches!(admission, Admission::Refuse(_)) {
            return (admission, transition);
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        let shadow = word.mode == Mode::ObserveOnly;
        (if shadow { pass(word, Kind::Uncounted) } else { admission }, transition)
    }

    #[cold]
    fn admit_unwell(&self, word: Word, now: Moment) -> (Admission, Option<Transition>) {
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
            transition = Some(self.change(&mut guarded, State::HalfOpen, Reason::BackoffOver));
            word = self.word();
        }
        if word.counts() {
            return (pass(word, Kind::Counted), transition);
        }
        if word.state != State::HalfOpen {
            return (Admission::Refuse(None), transition);
        }
        let places = self.places(&guarded);
        let admission = match guarded.leases.take(places, now, self.policy.lease) {
            Some(place) => pass(word, Kind::Probe(place)),
            None => Admission::Refuse(None),
        };
        (admission, transition)
    }

    /// Whether a call would go through, were it made now.
    #[inline]
    pub(super) fn is_willing(&self, now: impl Fn() -> Moment) -> bool {
        let word = self.word();
        if word.counts() {
            return true;
        }
        match (word.mode, word.state) {
            (Mode::ForcedClosed | Mode::ObserveOnly, _) | (Mode::Automatic, State::Closed) => true,
            (Mode::ForcedOpen, _) => false,
            (Mode::Automatic, State::Open) => self.still_open(now()).is_none(),
            (Mode::Automatic, State::HalfOpen) => {
                let mut guarded = self.lock();
                guarded.leases.held(now()) < self.places(&guarded)
            }
        }
    }

    /// Whether the state refuses nobody.
    pub(super) fn passes_all(&self) -> bool {
        let word = self.word();
        word.counts() || matches!(word.mode, Mode::ForcedClosed | Mode::ObserveOnly)
    }

    /// In how long the next probe is due; `None` if the breaker is not open.
    pub(super) fn next_probe(&self, now: impl Fn() -> Moment) -> Option<Duration> {
        (self.word().state == State::Open).then(|| self.still_open(now()).unwrap_or_default())
    }

    /// Counts a call that was decided here but not admitted, since its inner service was not ready.
    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// What the window holds, while it counts.
    pub(super) fn totals(&self, now: Moment) -> Totals {
        let generation = self.word().generation;
        self.window.as_ref().map_or_else(Totals::default, |window| window.totals(generation, now))
    }

    /// Takes in what came of a call that began at `started`.
    #[inline]
    pub(super) fn report(
        &self,
        ticket: &Ticket,
        verdict: Verdict,
        started: Moment,
        now: impl Fn() -> Moment,
    ) -> Option<Transition> {
        match ticket.kind {
            Kind::Uncounted => None,
            Kind::Counted => self.count(ticket.generation, verdict, started, now),
            Kind::Probe(place) => self.probed(ticket.generation, place, verdict, started, now()),
        }
    }

    #[inline]
    fn count(
        &self,
        generation: u32,
        verdict: Verdict,
        started: Moment,
        now: impl Fn() -> Moment,
    ) -> Option<Transition> {
        let failed = match verdict.outcome {
            Outcome::Success | Outcome::Refusal => false,
            Outcome::Failure => true,
            Outcome::Throttled if self.policy.throttled_fails => true,
            Outcome::Throttled | Outcome::Cancelled => return None,
        };
        let failures = self.in_a_row(generation, failed)?;
        if failed && self.policy.consecutive_failures.is_some_and(|limit| failures >= limit) {
            return self.trip(generation, Reason::ConsecutiveFailures(failures), verdict, now());
        }
        let window = self.window.as_ref()?;
        let now = now();
        let slow = self.is_slow(verdict, started, now);
        window.record(generation, now, failed, slow);
        if !failed && !slow {
            return None;
        }
        let reason = self.judge(window.totals(generation, now))?;
        self.trip(generation, reason, verdict, now)
    }

    /// How many failures in a row there are with this call; `None` if its generation is over.
    #[inline]
    fn in_a_row(&self, generation: u32, failed: bool) -> Option<u32> {
        let mut seen = self.word.0.load(Ordering::Acquire);
        loop {
            let word = Word::unpack(seen);
            if word.generation != generation {
                return None;
            }
            if self.policy.consecutive_failures.is_none() || (!failed && word.failures == 0) {
                return Some(0);
            }
            let failures = if failed { word.failures.saturating_add(1) } else { 0 };
            let next = Word { failures, ..word }.pack();
            match self.word.0.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(failures),
                Err(now) => seen = now,
            }
        }
    }

    fn judge(&self, Totals { calls, failures, slow }: Totals) -> Option<Reason> {
        if calls < u64::from(self.policy.minimum_calls) {
            return None;
        }
        let reaches = |part: u64, percent: u8| part * 100 >= calls * u64::from(percent);
        if self.policy.failure_percent.is_some_and(|percent| reaches(failures, percent)) {
            return Some(Reason::FailureShare { failures, calls });
        }
        let slow_percent = self.policy.slow_calls.map(|slow| slow.percent);
        slow_percent
            .is_some_and(|percent| reaches(slow, percent))
            .then_some(Reason::SlowShare { slow, calls })
    }

    fn is_slow(&self, verdict: Verdict, started: Moment, now: Moment) -> bool {
        let slow = self.policy.slow_calls;
        verdict.timed && slow.is_some_and(|slow| now.since(started) >= slow.from)
    }

    // Closed => Open
    #[cold]
    fn trip(&self, generation: u32, reason: Reason, verdict: Verdict, now: Moment) -> Option<Transition> {
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
    fn probed(
        &self,
        generation: u32,
        place: u64,
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
        Some(self.change(&mut guarded, State::Closed, Reason::ProbesSucceeded))
    }

    fn open(&self, guarded: &mut Guarded, reason: Reason, verdict: Verdict, now: Moment) -> Transition {
        let backoff = self.policy.open.after(guarded.in_vain, guarded.random.part());
        let asked = verdict.retry_after.unwrap_or_default().min(self.policy.retry_after_at_most);
        let open_for = backoff.max(asked);
        guarded.last_backoff = open_for;
        self.open_until.store((now + open_for).as_nanos(), Ordering::Release);
        Transition { open_for: Some(open_for), ..self.change(guarded, State::Open, reason) }
    }

    /// Begins anew in this mode.
    pub(super) fn set_mode(&self, mode: Mode) -> Transition {
        let mut guarded = self.lock();
        guarded.in_vain = 0;
        guarded.closed_at = None;
        self.change_to(&mut guarded, mode, State::Closed, Reason::ModeSet)
    }

    fn change(&self, guarded: &mut Guarded, to: State, reason: Reason) -> Transition {
        self.change_to(guarded, self.word().mode, to, reason)
    }

    fn change_to(&self, guarded: &mut Guarded, mode: Mode, to: State, reason: Reason) -> Transition {
        guarded.leases.clear();
        guarded.successes = 0;
        let before = self.word();
        let word = before.next(mode, to);
        // Calls that count at this moment find another generation, and look again. It is a swap, so that whatever they have counted comes before it.
        self.word.0.swap(word.pack(), Ordering::AcqRel);
        Transition { generation: word.generation, from: before.state, to, mode, reason, open_for: None }
    }

    /// A place to wait in for an inner service that is not ready; there are as many as probes.
    pub(super) fn wait(&self, now: Moment) -> Option<u64> {
        let places = usize::try_from(self.policy.probes).unwrap_or(usize::MAX);
        self.lock().waiting.take(places, now, self.policy.lease)
    }

    /// Gives a place to wait in back.
    pub(super) fn stop_waiting(&self, place: u64, now: Moment) {
        self.lock().waiting.give_back(place, now);
    }

    /// How many leases there may be, beside the probes that have succeeded.
    fn places(&self, guarded: &Guarded) -> usize {
        usize::try_from(self.policy.probes.saturating_sub(guarded.successes)).unwrap_or(usize::MAX)
    }

    fn still_open(&self, now: Moment) -> Option<Duration> {
        let left = self.open_until.load(Ordering::Acquire).saturating_sub(now.as_nanos());
        (left > 0).then(|| Duration::from_nanos(left))
    }

    fn lock(&self) -> MutexGuard<'_, Guarded> {
        self.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn pass(word: Word, kind: Kind) -> Admission {
    Admission::Pass(Ticket { generation: word.generation, kind })
}
