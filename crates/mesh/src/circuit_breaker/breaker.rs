//! The decisions of a breaker. Time comes as a value; nothing here waits, and only a breaker that is not closed is locked.

mod unwell;

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use self::unwell::Guarded;
use super::{
    Mode, Policy, Reason, State, Transition,
    ticket::{Admission, Kind, Ticket},
    window::{Totals, Window},
    word::Word,
};
use crate::{
    classify::{Outcome, Verdict},
    clock::{Moment, nanos},
    sync::{AtomicU64, Mutex, MutexGuard},
};

#[derive(Debug)]
pub(super) struct Breaker {
    word: Alone,
    /// Until when it is open; written before the word that says so.
    open_until: AtomicU64,
    policy: Policy,
    /// From how many nanoseconds on a call is slow; never, if nobody asks.
    slow_from: u64,
    window: Option<Window>,
    guarded: Mutex<Guarded>,
    refused: Alone,
}

/// Every call reads the word, so nothing that is written beside it may share its line of the cache, nor the one that is fetched with it.
#[derive(Debug)]
#[repr(align(128))]
struct Alone(AtomicU64);

/// A breaker at one moment, as whoever holds its lock sees it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) word: Word,
    pub(super) since: Duration,
    pub(super) reason: Option<Reason>,
    pub(super) totals: Totals,
    pub(super) next_probe: Option<Duration>,
}

impl Breaker {
    /// Its calls are counted in so many lanes, a power of two.
    pub(super) fn new(policy: Policy, seed: u64, lanes: usize, now: Moment) -> Self {
        let window = policy.has_window().then(|| Window::new(policy.window, policy.buckets, lanes));
        Self {
            word: Alone(AtomicU64::new(Word::FIRST.pack())),
            open_until: AtomicU64::new(0),
            slow_from: policy.slow_calls.map_or(u64::MAX, |slow| nanos(slow.from)),
            policy,
            window,
            guarded: Mutex::new(Guarded::new(seed, now)),
            refused: Alone(AtomicU64::new(0)),
        }
    }

    /// Whether it has to be known when a call began.
    #[inline]
    pub(super) fn times_calls(&self) -> bool {
        self.slow_from < u64::MAX
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
            return (Admission::pass(word, Kind::Counted), None);
        }
        let (admission, transition) = match word.mode {
            Mode::ForcedClosed => (Admission::pass(word, Kind::Uncounted), None),
            Mode::ForcedOpen => (Admission::Refuse(None), None),
            Mode::Automatic | Mode::ObserveOnly => self.admit_unwell(word, now()),
        };
        if !matches!(admission, Admission::Refuse(_)) {
            return (admission, transition);
        }
        self.refused.0.fetch_add(1, Ordering::Relaxed);
        let shadow = word.mode == Mode::ObserveOnly;
        (if shadow { Admission::pass(word, Kind::Uncounted) } else { admission }, transition)
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
        self.refused.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.0.load(Ordering::Relaxed)
    }

    /// All of it at one moment; only calls go on meanwhile.
    pub(super) fn seen(&self, now: Moment) -> Seen {
        let guarded = self.lock();
        let word = self.word();
        let totals =
            self.window.as_ref().map_or_else(Totals::default, |window| window.totals(word.generation, now));
        let since = now.since(guarded.changed_at);
        let next_probe = (word.state == State::Open).then(|| self.still_open(now).unwrap_or_default());
        Seen { word, since, reason: guarded.reason, totals, next_probe }
    }

    /// Takes in what came of a call that began at `started`, and counts it in this lane.
    #[inline]
    pub(super) fn report(
        &self,
        lane: usize,
        ticket: Ticket,
        verdict: Verdict,
        started: Moment,
        now: impl Fn() -> Moment,
    ) -> Option<Transition> {
        match ticket.kind() {
            Kind::Uncounted => None,
            Kind::Counted => self.count(lane, ticket.generation(), verdict, started, now),
            Kind::Probe(place) => self.probed(ticket.generation(), place, verdict, started, now()),
        }
    }

    #[inline]
    fn count(
        &self,
        lane: usize,
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
        window.record(lane, generation, now, failed, slow);
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

    #[inline]
    fn is_slow(&self, verdict: Verdict, started: Moment, now: Moment) -> bool {
        verdict.timed && now.as_nanos().saturating_sub(started.as_nanos()) >= self.slow_from
    }

    fn still_open(&self, now: Moment) -> Option<Duration> {
        let left = self.open_until.load(Ordering::Acquire).saturating_sub(now.as_nanos());
        (left > 0).then(|| Duration::from_nanos(left))
    }

    fn lock(&self) -> MutexGuard<'_, Guarded> {
        self.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
