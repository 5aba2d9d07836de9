//! Durable tasks by their kind and name.

use std::time::Duration;

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec};
use saga::tasks::{Observer, Task, Verdict};

use crate::metrics::{CALL_SECONDS, Error, Histogram, HistogramVec, Metrics, Series};

const BY_NAME: &[&str] = &["kind", "task"];

/// Counts durable tasks: those of a saga have the names of its steps, the others are one of a kind.
#[derive(Debug)]
pub struct Tasks {
    duration: HistogramVec,
    failures: IntCounterVec,
    running: IntGaugeVec,
    left: IntCounterVec,
    series: Series<3, Performed>,
}

#[derive(Debug)]
struct Performed {
    duration: Histogram,
    failures: IntCounter,
}

impl Tasks {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, Error> {
        Ok(Self {
            duration: metrics.histogram(
                "task_duration_seconds",
                "How long durable tasks took, by what became of them.",
                &["kind", "task", "outcome"],
                CALL_SECONDS,
            )?,
            failures: metrics.counter(
                "task_failures_total",
                "Durable tasks that failed, and are tried again.",
                BY_NAME,
            )?,
            running: metrics.gauge("tasks_running", "Durable tasks that are under way.", &["kind"])?,
            left: metrics.counter(
                "drain_given_up_tasks_total",
                "Durable tasks that were under way when the drain had to end; they are done again.",
                &["kind"],
            )?,
            series: Series::default(),
        })
    }
}

impl Observer for Tasks {
    fn performed(&self, task: &Task, verdict: &Verdict, took: Duration) {
        let outcome = match verdict {
            Verdict::Settled => "settled",
            Verdict::Again(_) => "again",
            Verdict::Failed(_) => "failed",
        };
        let handles = self.series.of([task.kind, &task.name, outcome], |[kind, name, outcome]| Performed {
            duration: self.duration.with(&[kind, name, outcome]),
            // Shown from the first task on, so that its first failure is an increase.
            failures: self.failures.with_label_values(&[kind, name]),
        });
        handles.duration.time(took, None);
        if matches!(verdict, Verdict::Failed(_)) {
            handles.failures.inc();
        }
    }

    fn running(&self, kind: &'static str, count: usize) {
        self.left.with_label_values(&[kind]);
        self.running.with_label_values(&[kind]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn left(&self, kind: &'static str, count: usize) {
        self.left.with_label_values(&[kind]).inc_by(count as u64);
    }
}
