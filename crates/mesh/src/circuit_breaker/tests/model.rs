//! The breaker against a model that keeps every call and looks at all of them each time.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{
    Backoff, Mode, Policy, SlowCalls, State,
    breaker::Breaker,
    ticket::{Admission, Ticket},
};
use crate::{
    classify::{Outcome, Verdict},
    clock::Moment,
};

/// Slow and obviously right. What a call is called is the number of the call.
#[derive(Debug)]
struct Model {
    policy: Policy,
    state: State,
    mode: Mode,
    generation: usize,
    in_a_row: u32,
    /// In the window: when, whether it failed, whether it was slow.
    counted: Vec<(u64, bool, bool)>,
    open_until: u64,
    backoffs_in_vain: u32,
    last_backoff: u64,
    closed_at: Option<u64>,
    /// Which calls are probes, until when.
    leases: Vec<(usize, u64)>,
    successes: u32,
    calls: Vec<ModelCall>,
}

#[derive(Clone, Copy, Debug)]
struct ModelCall {
    generation: usize,
    counts: bool,
    began: u64,
}

impl Model {
    fn new(policy: Policy) -> Self {
        Self {
            policy,
            state: State::Closed,
            mode: Mode::Automatic,
            generation: 0,
            in_a_row: 0,
            counted: vec![],
            open_until: 0,
            backoffs_in_vain: 0,
            last_backoff: 0,
            closed_at: None,
            leases: vec![],
            successes: 0,
            calls: vec![],
        }
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        self.in_a_row = 0;
        self.successes = 0;
        self.counted.clear();
        self.leases.clear();
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        self.backoffs_in_vain = 0;
        self.closed_at = None;
        self.go(State::Closed);
    }

    fn admit(&mut self, now: u64) -> bool {
        let (state_admits, counts) = match self.mode {
            Mode::ForcedOpen => (false, false),
            Mode::ForcedClosed => (true, false),
            Mode::Automatic | Mode::ObserveOnly => {
                let admits = self.state_admits(now);
                (admits, admits)
            }
        };
        let admitted = state_admits || self.mode == Mode::ObserveOnly;
        if admitted {
            if self.state == State::HalfOpen && counts {
                self.leases.push((self.calls.len(), now + millis(self.policy.lease)));
            }
            self.calls.push(ModelCall { generation: self.generation, counts, began: now });
        }
        admitted
    }

    fn state_admits(&mut self, now: u64) -> bool {
        if self.state == State::Open && now >= self.open_until {
            self.go(State::HalfOpen);
        }
        self.leases.retain(|(_, deadline)| now < *deadline);
        match self.state {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => self.leases.len() + (self.successes as usize) < self.policy.probes as usize,
        }
    }

    fn end(&mut self, number: usize, verdict: Verdict, now: u64) {
        let call = self.calls[number];
        if !call.counts || call.generation != self.generation {
            return;
        }
        let slow_from = self.policy.slow_calls.map_or(u64::MAX, |slow| millis(slow.from));
        let slow = verdict.timed && now - call.began >= slow_from;
        match self.state {
            State::Closed => self.end_counted(verdict, slow, now),
            State::HalfOpen => self.end_probe(number, verdict, slow, now),
            State::Open => {}
        }
    }

    fn end_counted(&mut self, verdict: Verdict, slow: bool, now: u64) {
        let failed = match verdict.outcome {
            Outcome::Cancelled => return,
            Outcome::Throttled if !self.policy.throttled_fails => return,
            Outcome::Failure | Outcome::Throttled => true,
            Outcome::Success | Outcome::Refusal => false,
        };
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        self.counted.push((now, failed, slow));
        let bucket = |time: u64| time / (millis(self.policy.window) / self.policy.buckets as u64);
        let window: Vec<_> = self
            .counted
            .iter()
            .filter(|(time, ..)| bucket(*time) + self.policy.buckets as u64 > bucket(now))
            .collect();
        let enough = window.len() >= self.policy.minimum_calls as usize;
        let reaches = |part: usize, percent: Option<u8>| {
            enough && percent.is_some_and(|percent| part * 100 >= window.len() * usize::from(percent))
        };
        let failures = window.iter().filter(|(_, failed, _)| *failed).count();
        let slow_calls = window.iter().filter(|(_, _, slow)| *slow).count();
        let in_a_row = self.policy.consecutive_failures.is_some_and(|limit| self.in_a_row >= limit);
        let shares = reaches(failures, self.policy.failure_percent)
            || reaches(slow_calls, self.policy.slow_calls.map(|slow| slow.percent));
        if (failed && in_a_row) || ((failed || slow) && shares) {
            let flaps = self.closed_at.is_some_and(|closed_at| now - closed_at < self.last_backoff);
            self.backoffs_in_vain = if flaps { self.backoffs_in_vain + 1 } else { 0 };
            self.open(verdict, now);
        }
    }

    fn end_probe(&mut self, number: usize, verdict: Verdict, slow: bool, now: u64) {
        let Some(index) =
            self.leases.iter().position(|(probe, deadline)| *probe == number && now < *deadline)
        else {
            return;
        };
        self.leases.remove(index);
        match verdict.outcome {
            Outcome::Cancelled => {}
            Outcome::Success | Outcome::Refusal if !slow => {
                self.successes += 1;
                if self.successes == self.policy.probes {
                    self.closed_at = Some(now);
                    self.go(State::Closed);
                }
            }
            _ => {
                self.backoffs_in_vain += 1;
                self.open(verdict, now);
            }
        }
    }

    fn open(&mut self, verdict: Verdict, now: u64) {
        let first = millis(self.policy.open.first);
        let doubled = (0..self.backoffs_in_vain).fold(first, |wait, _| wait.saturating_mul(2));
        let asked = verdict.retry_after.unwrap_or_default().min(self.policy.retry_after_at_most);
        self.last_backoff = doubled.min(millis(self.policy.open.longest)).max(millis(asked));
        self.open_until = now + self.last_backoff;
        self.go(State::Open);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a time of this test")
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Begin,
    /// One of the calls under way, counted from the last.
    End(usize, Outcome, Option<u64>, bool),
    Mode(Mode),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Success),
        6 => Just(Outcome::Failure),
        1 => Just(Outcome::Refusal),
        1 => Just(Outcome::Throttled),
        1 => Just(Outcome::Cancelled),
    ];
    let asked = prop_oneof![4 => Just(None), 1 => (0..5_000_u64).prop_map(Some)];
    let mode = prop_oneof![
        3 => Just(Mode::Automatic),
        1 => Just(Mode::ForcedOpen),
        1 => Just(Mode::ForcedClosed),
        2 => Just(Mode::ObserveOnly),
    ];
    let step = prop_oneof![
        20 => Just(Step::Begin),
        20 => (0..4_usize, outcome, asked, any::<bool>())
            .prop_map(|(back, outcome, asked, timed)| Step::End(back, outcome, asked, timed)),
        10 => prop_oneof![0..50_u64, 0..2_000_u64].prop_map(Step::Pass),
        1 => mode.prop_map(Step::Mode),
    ];
    prop::collection::vec(step, 1..200)
}

fn policies() -> impl Strategy<Value = Policy> {
    let slow = prop::option::of((1..300_u64, 1..=100_u8));
    let rules = (prop::option::of(1..5_u32), prop::option::of(1..=100_u8), slow, any::<bool>());
    let sizes = (2..6_usize, 1..8_u32, 1..4_u32, 50..3_000_u64);
    (rules, sizes).prop_filter_map("one of the rules", |((consecutive, failures, slow, throttled), sizes)| {
        let (buckets, minimum_calls, probes, lease) = sizes;
        let policy = Policy {
            consecutive_failures: consecutive,
            failure_percent: failures,
            slow_calls: slow.map(|(from, percent)| SlowCalls { from: Duration::from_millis(from), percent }),
            window: Duration::from_millis(100) * u32::try_from(buckets).ok()?,
            buckets,
            minimum_calls,
            throttled_fails: throttled,
            open: Backoff {
                first: Duration::from_millis(100),
                longest: Duration::from_millis(1_500),
                jitter: 0.0,
            },
            retry_after_at_most: Duration::from_millis(2_500),
            probes,
            lease: Duration::from_millis(lease),
        };
        policy.validate().is_ok().then_some(policy)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_breaker_decides_as_a_model_that_keeps_every_call(policy in policies(), steps in steps()) {
        let breaker = Breaker::new(policy.clone(), 0, 4, Moment::default());
        let mut model = Model::new(policy);
        let mut under_way: Vec<(usize, Ticket, u64)> = vec![];
        let mut now = 0_u64;
        for (index, step) in steps.into_iter().enumerate() {
            let moment = Moment::from_nanos(now * 1_000_000);
            match step {
                Step::Pass(time) => now += time,
                Step::Mode(mode) => {
                    breaker.set_mode(mode, moment);
                    model.set_mode(mode);
                }
                Step::Begin => {
                    let admission = breaker.admit(|| moment).0;
                    let number = model.calls.len();
                    let expected = model.admit(now);
                    prop_assert_eq!(matches!(admission, Admission::Pass(_)), expected, "step {}", index);
                    if let Admission::Pass(ticket) = admission {
                        under_way.push((number, ticket, now));
                    }
                }
                Step::End(back, outcome, asked, timed) if !under_way.is_empty() => {
                    let last = under_way.len() - 1;
                    let (number, ticket, began) = under_way.remove(last - back.min(last));
                    let pause = asked.map(Duration::from_millis);
                    let verdict = Verdict { timed, ..Verdict::new(outcome).retry_after(pause) };
                    let began = Moment::from_nanos(began * 1_000_000);
                    breaker.report(number, ticket, verdict, began, || moment);
                    model.end(number, verdict, now);
                }
                Step::End(..) => {}
            }
            let word = breaker.word();
            prop_assert_eq!((word.state, word.mode), (model.state, model.mode), "step {}", index);
        }
    }
}
