//! Sagas by their steps and phases.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{IntCounter, IntCounterVec};
use saga::{
    Direction, Event, Observer, Phase,
    tasks::{self, Task, Verdict},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::Tasks;
use crate::metrics::{Error, Histogram, HistogramVec, Metrics, PATIENT_SECONDS, Series};

/// How many sagas are timed at once. Where there are more, those begun first are timed no longer, and only counted.
const MOST_TIMED: usize = 65_536;

/// Counts sagas. How long a step took is known where it was asked for in this process: one that was asked for before a
/// restart, or by another replica, is counted and not timed.
#[derive(Debug)]
pub struct Sagas {
    tasks: Arc<Tasks>,
    steps: IntCounterVec,
    duration: HistogramVec,
    phases: IntCounterVec,
    by_event: Series<3, IntCounter>,
    by_step: Series<3, Histogram>,
    /// The steps of each saga that are not answered yet; ids begin with their time, so that the first is the oldest.
    asked: Mutex<BTreeMap<Uuid, Vec<Asked>>>,
}

/// A step that was asked for, and not answered yet.
#[derive(Debug)]
struct Asked {
    step: String,
    direction: Direction,
    at: Instant,
}

impl Sagas {
    pub(super) fn new(metrics: &Metrics, tasks: Arc<Tasks>) -> Result<Self, Error> {
        Ok(Self {
            tasks,
            steps: metrics.counter(
                "saga_steps_total",
                "What has happened to steps of sagas.",
                &["saga", "step", "event"],
            )?,
            duration: metrics.histogram(
                "saga_step_duration_seconds",
                "How long it took from asking a participant to its answer, retries included.",
                &["saga", "step", "direction"],
                PATIENT_SECONDS,
            )?,
            phases: metrics.counter(
                "saga_phases_total",
                "How often sagas have come to each phase; an order whose payment was refused rests.",
                &["saga", "phase"],
            )?,
            by_event: Series::default(),
            by_step: Series::default(),
            asked: Mutex::default(),
        })
    }

    fn count(&self, saga: &str, step: &str, event: &str) {
        let make = |labels: [&str; 3]| self.steps.with_label_values(&labels);
        self.by_event.of([saga, step, event], make).inc();
    }

    fn asks(&self, id: Uuid, step: &str, direction: Direction) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // The answers to the oldest may have come to other replicas: waiting for them would time nothing new.
        if asked.len() >= MOST_TIMED && !asked.contains_key(&id) {
            asked.pop_first();
        }
        let of_saga = asked.entry(id).or_default();
        of_saga.retain(|asked| asked.step != step);
        of_saga.push(Asked { step: step.to_owned(), direction, at: Instant::now() });
    }

    /// How long ago a step was asked for that is answered now.
    fn answered(&self, id: Uuid, step: &str) -> Option<(Direction, Duration)> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let of_saga = asked.get_mut(&id)?;
        let index = of_saga.iter().position(|asked| asked.step == step)?;
        let Asked { direction, at, .. } = of_saga.swap_remove(index);
        if of_saga.is_empty() {
            asked.remove(&id);
        }
        Some((direction, at.elapsed()))
    }
}

impl Observer for Sagas {
    fn step(&self, saga: &'static str, id: Uuid, step: &str, event: Event, traceparent: Option<&str>) {
        let name = match event {
            Event::Asked(Direction::Action) => "asked",
            Event::Asked(Direction::Undo) => "undo_asked",
            Event::Done => "done",
            Event::Refused => "refused",
            Event::Deferred => "deferred",
            Event::Undone => "undone",
        };
        self.count(saga, step, name);
        if let Event::Asked(direction) = event {
            return self.asks(id, step, direction);
        }
        let Some((direction, took)) = self.answered(id, step) else { return };
        let labels = [saga, step, direction_name(direction)];
        let trace = traceparent.and_then(|trace| trace.parse().ok());
        self.by_step.of(labels, |labels| self.duration.with(&labels)).time(took, trace.as_ref());
    }

    fn phase(&self, saga: &'static str, id: Uuid, phase: Phase) {
        self.phases.with_label_values(&[saga, phase.name()]).inc();
        if matches!(phase, Phase::Completed | Phase::Unwound | Phase::Resting) {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }
}

/// The tasks of a saga are its steps: one that failed is a step that is asked for again.
impl tasks::Observer for Sagas {
    fn performed(&self, task: &Task, verdict: &Verdict, took: Duration) {
        self.tasks.performed(task, verdict, took);
        if matches!(verdict, Verdict::Failed(_)) {
            let step = task.name.strip_suffix("/undo").unwrap_or(&task.name);
            self.count(task.kind, step, "retried");
        }
    }

    fn running(&self, kind: &'static str, count: usize) {
        self.tasks.running(kind, count);
    }

    fn left(&self, kind: &'static str, count: usize) {
        self.tasks.left(kind, count);
    }
}

const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Action => "action",
        Direction::Undo => "undo",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        metrics::{Format, exposition},
        testing::platform,
    };

    const TRACE: Option<&str> = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

    fn sagas() -> (Metrics, Sagas) {
        let metrics = Metrics::new("ordering", "rest", &platform()).unwrap();
        let tasks = Arc::new(Tasks::new(&metrics).unwrap());
        let sagas = Sagas::new(&metrics, tasks).unwrap();
        (metrics, sagas)
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_is_counted_by_what_happens_to_it_and_timed_from_asking_to_its_answer() {
        let (metrics, sagas) = sagas();
        let id = Uuid::from_u128(1);
        sagas.step("place-order", id, "reserve_credit", Event::Asked(Direction::Action), TRACE);
        tokio::time::advance(Duration::from_millis(20)).await;
        sagas.step("place-order", id, "reserve_credit", Event::Done, TRACE);
        sagas.step("place-order", id, "reserve_stock", Event::Refused, TRACE);
        sagas.phase("place-order", id, Phase::Unwinding);
        let task = Task::new("place-order", id, "reserve_credit/undo", "");
        tasks::Observer::performed(&sagas, &task, &Verdict::Failed("away".into()), Duration::ZERO);
        let text = exposition([&metrics], Format::OpenMetrics).unwrap();
        let app = "service=\"ordering\",style=\"rest\"";
        let credit = "saga=\"place-order\",step=\"reserve_credit\"";
        for series in [
            format!("saga_steps_total{{{credit},event=\"asked\",{app}}} 1\n"),
            format!("saga_steps_total{{{credit},event=\"retried\",{app}}} 1\n"),
            format!("saga_step_duration_seconds_sum{{{credit},direction=\"action\",{app}}} 0.02\n"),
            format!("saga_step_duration_seconds_count{{{credit},direction=\"action\",{app}}} 1\n"),
            format!("saga_phases_total{{saga=\"place-order\",phase=\"unwinding\",{app}}} 1\n"),
            format!("task_failures_total{{kind=\"place-order\",task=\"reserve_credit/undo\",{app}}} 1\n"),
            "} 1 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"} 0.02 ".to_owned(),
        ] {
            assert!(text.contains(&series), "{series}{text}");
        }
        assert!(
            !text.contains("saga_step_duration_seconds_count{saga=\"place-order\",step=\"reserve_stock\"")
        );
    }

    #[test]
    fn what_is_remembered_of_a_saga_is_forgotten_at_its_end() {
        let (_metrics, sagas) = sagas();
        let id = Uuid::from_u128(1);
        sagas.step("place-order", id, "ship", Event::Asked(Direction::Undo), None);
        assert_eq!(sagas.asked.lock().unwrap().len(), 1);
        sagas.phase("place-order", id, Phase::Unwound);
        assert!(sagas.asked.lock().unwrap().is_empty());
    }

    #[test]
    fn what_was_answered_is_forgotten_though_another_replica_sees_the_end() {
        let (_metrics, sagas) = sagas();
        let id = Uuid::from_u128(1);
        sagas.step("place-order", id, "ship", Event::Asked(Direction::Action), None);
        sagas.step("place-order", id, "ship", Event::Done, None);
        assert!(sagas.asked.lock().unwrap().is_empty());
    }

    #[test]
    fn a_new_saga_is_timed_however_many_answers_went_elsewhere() {
        let (_metrics, sagas) = sagas();
        let most = u128::try_from(MOST_TIMED).unwrap();
        for id in 1..=most + 1 {
            sagas.asks(Uuid::from_u128(id), "ship", Direction::Action);
        }
        assert_eq!(sagas.asked.lock().unwrap().len(), MOST_TIMED);
        assert!(sagas.answered(Uuid::from_u128(most + 1), "ship").is_some());
        assert!(sagas.answered(Uuid::from_u128(1), "ship").is_none(), "the oldest went");
    }
}
