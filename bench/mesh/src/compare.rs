//! Rounds that take turns, and what each candidate's calls cost more than the bare service's.

use mesh::clock::{Clock, TokioClock};
use tower::service_fn;

use crate::{
    measure::{Once, Subject, calls, finish_later, nanos_per_call, nanos_per_call_of_two},
    report::{Goal, Row},
};

/// What is measured: two subjects that share whatever they would share in a service, for one thread and for two.
pub(crate) struct Candidate {
    name: String,
    goal: Option<Goal>,
    pair: [Subject; 2],
    alone: Vec<f64>,
    together: Vec<f64>,
}

impl Candidate {
    pub(crate) fn new(name: impl Into<String>, goal: Option<Goal>, pair: [Subject; 2]) -> Self {
        Self { name: name.into(), goal, pair, alone: vec![], together: vec![] }
    }
}

/// The bare service, one read of the clock, then each candidate alone and of two threads at once: medians of the differences to the
/// bare service of the same round. The first round warms up and is not counted.
pub(crate) fn measure(mut candidates: Vec<Candidate>, rounds: u32, count: u32) -> Vec<Row> {
    let mut bare = [bare(), bare()];
    let clock = TokioClock::default();
    let mut reads = calls(move || std::future::ready(clock.now()));
    let (mut services, mut clocks) = (vec![], vec![]);
    for round in 0..=rounds {
        let alone = nanos_per_call(&mut bare[0], count);
        let together = nanos_per_call_of_two(&mut bare, count);
        let read = nanos_per_call(&mut reads, count);
        for candidate in &mut candidates {
            let cost = nanos_per_call(&mut candidate.pair[0], count) - alone;
            let shared = nanos_per_call_of_two(&mut candidate.pair, count) - together;
            if round > 0 {
                candidate.alone.push(cost);
                candidate.together.push(shared);
            }
        }
        if round > 0 {
            services.push(alone);
            clocks.push(read);
        }
    }
    let mut rows =
        vec![Row::new("bare service, pending once", &services), Row::new("one read of the clock", &clocks)];
    for candidate in candidates {
        rows.push(Row::new(&candidate.name, &candidate.alone).goal(candidate.goal));
        let name = format!("{}, of two threads each", candidate.name);
        rows.push(Row::new(name, &candidate.together).goal(candidate.goal.map(|_| Goal::TwiceAlone)));
    }
    rows
}

fn bare() -> Subject {
    let mut service = service_fn(|()| Once::default());
    calls(move || finish_later(&mut service))
}
