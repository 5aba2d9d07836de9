//! Rounds that take turns, and what each candidate's calls cost more than the bare service's.

use mesh::clock::{Clock, TokioClock};
use tower::service_fn;

use crate::{
    allocations,
    measure::{Once, Subject, calls, finish_later, nanos_per_call, nanos_per_call_of_two},
    report::{BARE, Goal, READ, Row, Table},
};

/// Candidates that are told in one table.
pub(crate) struct Section {
    /// What the table is about.
    pub(crate) title: &'static str,
    /// Measured in rounds that take turns with those of all sections.
    pub(crate) candidates: Vec<Candidate>,
    /// What was measured in another way.
    pub(crate) rows: Vec<Row>,
}

impl Section {
    pub(crate) fn new(title: &'static str, candidates: Vec<Candidate>) -> Self {
        Self { title, candidates, rows: vec![] }
    }
}

/// What is measured: a subject, or two that share whatever they would share in a service, for one thread and for two.
pub(crate) struct Candidate {
    name: String,
    goals: Vec<Goal>,
    one: Subject,
    other: Option<Subject>,
    allocations_at_most: Option<f64>,
    alone: Vec<f64>,
    together: Vec<f64>,
}

impl Candidate {
    /// Is measured alone, and of two threads at once; if it has a goal, two threads may take twice the time each.
    pub(crate) fn new(name: impl Into<String>, goal: Option<Goal>, pair: [Subject; 2]) -> Self {
        let [one, other] = pair;
        Self { other: Some(other), ..Self::single(name, goal, one) }
    }

    /// Is measured alone.
    pub(crate) fn single(name: impl Into<String>, goal: Option<Goal>, one: Subject) -> Self {
        Self {
            name: name.into(),
            goals: goal.into_iter().collect(),
            one,
            other: None,
            allocations_at_most: None,
            alone: vec![],
            together: vec![],
        }
    }

    /// Has one more goal.
    pub(crate) fn also(mut self, goal: Goal) -> Self {
        self.goals.push(goal);
        self
    }

    /// Is to allocate at most so many times in a call, beyond the bare service.
    pub(crate) fn allocates(self, at_most: f64) -> Self {
        Self { allocations_at_most: Some(at_most), ..self }
    }

    /// One round, beside the bare service's.
    fn round(&mut self, bare: [f64; 2], count: u32) {
        self.alone.push(nanos_per_call(&mut self.one, count) - bare[0]);
        if let Some(other) = &mut self.other {
            self.together.push(nanos_per_call_of_two(&mut self.one, other, count) - bare[1]);
        }
    }

    fn rows(mut self, count: u32) -> Vec<Row> {
        let allocations = allocations::per_call(&mut self.one, count);
        // Without what the first round was to warm up.
        let alone = self.alone.get(1..).unwrap_or_default();
        let mut rows = vec![
            Row::new(&self.name, alone).goals(&self.goals).allocations(allocations, self.allocations_at_most),
        ];
        if self.other.is_some() {
            let twice = (!self.goals.is_empty()).then(|| Goal::Times(2.0, self.name.clone()));
            let together = self.together.get(1..).unwrap_or_default();
            rows.push(
                Row::new(format!("{}, of two threads each", self.name), together).goals(twice.as_slice()),
            );
        }
        rows
    }
}

/// The bare service, one read of the clock, then each candidate alone and of two threads at once: medians of the differences to the
/// bare service of the same round. The first round warms up and is not counted.
pub(crate) fn measure(mut sections: Vec<Section>, rounds: u32, count: u32) -> Vec<Table> {
    let [mut one, mut other] = [bare(), bare()];
    let clock = TokioClock::default();
    let mut reads = calls(move || std::future::ready(clock.now()));
    let (mut services, mut clocks) = (vec![], vec![]);
    for round in 0..=rounds {
        let alone = nanos_per_call(&mut one, count);
        let together = nanos_per_call_of_two(&mut one, &mut other, count);
        let read = nanos_per_call(&mut reads, count);
        for candidate in sections.iter_mut().flat_map(|section| &mut section.candidates) {
            candidate.round([alone, together], count);
        }
        if round > 0 {
            services.push(alone);
            clocks.push(read);
        }
    }
    let machine =
        Table { title: "The machine", rows: vec![Row::new(BARE, &services), Row::new(READ, &clocks)] };
    let tables = sections.into_iter().map(|section| {
        let measured = section.candidates.into_iter().flat_map(|candidate| candidate.rows(count));
        Table { title: section.title, rows: measured.chain(section.rows).collect() }
    });
    std::iter::once(machine).chain(tables).collect()
}

fn bare() -> Subject {
    let mut service = service_fn(|()| Once::default());
    calls(move || finish_later(&mut service))
}
