//! Every interleaving of two or three threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::{sync::Arc, time::Duration};

use super::super::{
    Backoff, Policy, Reason, State, Transition,
    breaker::Breaker,
    ticket::{Admission, Ticket},
    window::Window,
};
use crate::{
    classify::{Outcome, Verdict},
    clock::Moment,
    sync::model::{explore, thread},
};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Moment {
    Moment::default() + SECOND * u32::try_from(seconds).expect("a few seconds")
}

fn breaker(consecutive: u32) -> Arc<Breaker> {
    let open = Backoff { jitter: 0.0, ..Backoff::default() };
    let policy =
        Policy { consecutive_failures: Some(consecutive), failure_percent: None, open, ..Policy::default() };
    Arc::new(Breaker::new(policy, 0, 2, at(0)))
}

fn passes(breaker: &Breaker, now: Moment) -> Option<Ticket> {
    match breaker.admit(|| now).0 {
        Admission::Pass(ticket) => Some(ticket),
        Admission::Refuse(_) => None,
    }
}

fn tell(breaker: &Breaker, ticket: Ticket, outcome: Outcome, now: Moment) -> Option<Transition> {
    breaker.report(0, ticket, Verdict::new(outcome), now, || now)
}

fn both<T: Send + 'static>(one: impl FnOnce() -> T + Send + 'static, other: impl FnOnce() -> T) -> [T; 2] {
    let one = thread::spawn(one);
    let other = other();
    [one.join().expect("a thread that ends"), other]
}

#[test]
fn no_failure_in_a_row_is_lost_and_only_one_trips() {
    explore(|| {
        let breaker = breaker(2);
        let fail = |breaker: Arc<Breaker>| {
            move || passes(&breaker, at(0)).and_then(|call| tell(&breaker, call, Outcome::Failure, at(0)))
        };
        let told = both(fail(breaker.clone()), fail(breaker.clone()));
        let reasons: Vec<_> = told.into_iter().flatten().map(|change| change.reason).collect();
        assert_eq!(reasons, [Reason::ConsecutiveFailures(2)]);
        assert_eq!(breaker.word().state, State::Open);
    });
}

#[test]
fn what_began_before_a_trip_counts_in_no_later_generation() {
    explore(|| {
        let breaker = breaker(1);
        let tickets = [passes(&breaker, at(0)).expect("closed"), passes(&breaker, at(0)).expect("closed")];
        let fail = |breaker: Arc<Breaker>, ticket: Ticket| {
            move || tell(&breaker, ticket, Outcome::Failure, at(0)).map(|change| change.generation)
        };
        let [one, other] = tickets;
        let told = both(fail(breaker.clone(), one), fail(breaker.clone(), other));
        assert_eq!(told.into_iter().flatten().collect::<Vec<_>>(), [1]);
        assert_eq!(breaker.word().failures, 0);
    });
}

#[test]
fn one_place_is_leased_once() {
    explore(|| {
        let breaker = breaker(1);
        let call = passes(&breaker, at(0)).expect("closed");
        tell(&breaker, call, Outcome::Failure, at(0));
        let probe = |breaker: Arc<Breaker>| move || passes(&breaker, at(1)).is_some();
        let told = both(probe(breaker.clone()), probe(breaker.clone()));
        assert_eq!(told.into_iter().filter(|passed| *passed).count(), 1);
    });
}

#[test]
fn a_call_that_passes_beside_a_trip_was_let_through_by_the_generation_before() {
    explore(|| {
        let breaker = breaker(1);
        let call = passes(&breaker, at(0)).expect("closed");
        let tripping = {
            let breaker = breaker.clone();
            move || {
                tell(&breaker, call, Outcome::Failure, at(0));
                true
            }
        };
        let passing = {
            let breaker = breaker.clone();
            move || match breaker.admit(|| at(0)).0 {
                // Its success changes nothing any more.
                Admission::Pass(ticket) => tell(&breaker, ticket, Outcome::Success, at(0)).is_none(),
                // Whoever sees that it is open sees until when.
                Admission::Refuse(wait) => wait == Some(SECOND),
            }
        };
        assert_eq!(both(tripping, passing), [true, true]);
        assert_eq!(breaker.word().state, State::Open);
    });
}

#[test]
fn no_call_is_lost_while_a_bucket_begins_anew() {
    explore(|| {
        let window = Arc::new(Window::new(SECOND * 2, 2, 2));
        window.record(0, 0, at(0), true, true);
        let record = |window: Arc<Window>, failed| move || window.record(0, 0, at(2), failed, true);
        both(record(window.clone(), true), record(window.clone(), false));
        let totals = window.totals(0, at(2));
        assert_eq!((totals.calls, totals.failures, totals.slow), (2, 1, 2));
    });
}

#[test]
fn a_call_of_an_earlier_generation_does_not_undo_a_later_ones_bucket() {
    explore(|| {
        let window = Arc::new(Window::new(SECOND * 2, 2, 2));
        let record =
            |window: Arc<Window>, generation| move || window.record(0, generation, at(0), true, false);
        both(record(window.clone(), 0), record(window.clone(), 1));
        assert_eq!(window.totals(1, at(0)).calls, 1);
    });
}

#[test]
fn of_two_failures_in_two_lanes_that_reach_the_share_together_one_trips() {
    explore(|| {
        let policy = Policy {
            consecutive_failures: None,
            failure_percent: Some(100),
            window: SECOND * 2,
            buckets: 2,
            minimum_calls: 2,
            ..Policy::default()
        };
        let breaker = Arc::new(Breaker::new(policy, 0, 2, at(0)));
        let fail = |breaker: Arc<Breaker>, lane| {
            move || {
                let ticket = passes(&breaker, at(0))?;
                breaker.report(lane, ticket, Verdict::new(Outcome::Failure), at(0), || at(0))
            }
        };
        let told = both(fail(breaker.clone(), 0), fail(breaker.clone(), 1));
        let reasons: Vec<_> = told.into_iter().flatten().map(|change| change.reason).collect();
        assert_eq!(reasons, [Reason::FailureShare { failures: 2, calls: 2 }]);
    });
}
