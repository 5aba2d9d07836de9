//! Many threads, by shuttle.

use std::{sync::Arc, time::Duration};

use super::super::{
    Backoff, Policy, Reason, State, Transition, breaker::Breaker, ticket::Admission, window::Window,
};
use crate::{
    classify::{Outcome, Verdict},
    clock::Moment,
    sync::model::{crowd, explore},
};

const SECOND: Duration = Duration::from_secs(1);

fn breaker(policy: Policy) -> Arc<Breaker> {
    let open = Backoff { jitter: 0.0, ..Backoff::default() };
    Arc::new(Breaker::new(Policy { open, ..policy }, 0, 2, Moment::default()))
}

fn consecutive(failures: u32) -> Policy {
    Policy { consecutive_failures: Some(failures), failure_percent: None, ..Policy::default() }
}

/// A call that ends at once; `None` if it was refused.
fn call(breaker: &Breaker, lane: usize, outcome: Outcome, now: Moment) -> Option<Option<Transition>> {
    match breaker.admit(|| now).0 {
        Admission::Pass(ticket) => Some(breaker.report(lane, ticket, Verdict::new(outcome), now, || now)),
        Admission::Refuse(_) => None,
    }
}

#[test]
fn no_failure_of_a_crowd_is_lost_and_only_one_trips() {
    explore(|| {
        let breaker = breaker(consecutive(24));
        let shared = breaker.clone();
        let fail = move |number| {
            [(); 3].map(|()| call(&shared, number % 2, Outcome::Failure, Moment::default()).flatten())
        };
        let told: Vec<_> = crowd(fail).into_iter().flatten().flatten().map(|change| change.reason).collect();
        assert_eq!(told, [Reason::ConsecutiveFailures(24)]);
        assert_eq!(breaker.word().state, State::Open);
    });
}

#[test]
fn the_places_of_probes_are_leased_once() {
    explore(|| {
        let breaker = breaker(Policy { probes: 3, ..consecutive(1) });
        call(&breaker, 0, Outcome::Failure, Moment::default()).expect("closed").expect("it trips");
        let shared = breaker.clone();
        let now = Moment::default() + SECOND;
        let leased = crowd(move |_| match shared.admit(|| now).0 {
            // They are held until all have asked.
            Admission::Pass(ticket) => Some(ticket),
            Admission::Refuse(_) => None,
        });
        assert_eq!((leased.iter().flatten().count(), breaker.word().state), (3, State::HalfOpen));
    });
}

#[test]
fn of_failures_in_all_lanes_that_reach_the_share_together_one_trips() {
    explore(|| {
        let share = Policy {
            failure_percent: Some(100),
            window: SECOND * 2,
            buckets: 2,
            minimum_calls: 24,
            ..consecutive(1)
        };
        let breaker = breaker(Policy { consecutive_failures: None, ..share });
        let shared = breaker.clone();
        let fail = move |number| {
            [(); 3].map(|()| call(&shared, number % 2, Outcome::Failure, Moment::default()).flatten())
        };
        let told: Vec<_> = crowd(fail).into_iter().flatten().flatten().map(|change| change.reason).collect();
        assert_eq!(told, [Reason::FailureShare { failures: 24, calls: 24 }]);
    });
}

#[test]
fn no_call_of_a_crowd_is_lost_while_a_bucket_begins_anew() {
    explore(|| {
        let (window, now) = (Arc::new(Window::new(SECOND * 2, 2, 2)), Moment::default() + SECOND * 2);
        window.record(0, 0, Moment::default(), true, true);
        let shared = Arc::clone(&window);
        crowd(move |number| (0..4).for_each(|_| shared.record(number % 2, 0, now, number < 4, true)));
        let totals = window.totals(0, now);
        assert_eq!((totals.calls, totals.failures, totals.slow), (32, 16, 32));
    });
}
