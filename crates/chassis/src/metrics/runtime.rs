//! What Tokio's runtime tells of itself without `tokio_unstable`.

use std::borrow::Cow;

use tokio::runtime::{Handle, RuntimeMetrics};

use super::family::{Description, Kind, Sample, Samples};

/// One family, and how it is read.
type Family = (Description, fn(&RuntimeMetrics, &mut Samples));

const FAMILIES: [Family; 5] = [
    (gauge("tokio_workers", "Threads that run tasks."), |runtime, shown| {
        shown.count(&[], runtime.num_workers() as u64);
    }),
    (gauge("tokio_alive_tasks", "Tasks that have not ended."), |runtime, shown| {
        shown.count(&[], runtime.num_alive_tasks() as u64);
    }),
    (
        gauge(
            "tokio_global_queue_tasks",
            "Tasks that wait for a worker in the queue that all of them share.",
        ),
        |runtime, shown| shown.count(&[], runtime.global_queue_depth() as u64),
    ),
    (
        of_workers("tokio_worker_busy_seconds_total", "Time that a worker has spent running tasks."),
        |runtime, shown| {
            for worker in 0..runtime.num_workers() {
                let busy = runtime.worker_total_busy_duration(worker).as_secs_f64();
                shown.number(&[&worker.to_string()], busy);
            }
        },
    ),
    (
        of_workers("tokio_worker_parks_total", "How often a worker has found nothing to do."),
        |runtime, shown| {
            for worker in 0..runtime.num_workers() {
                shown.count(&[&worker.to_string()], runtime.worker_park_count(worker));
            }
        },
    ),
];

const fn gauge(name: &'static str, help: &'static str) -> Description {
    Description { name, help, kind: Kind::Gauge, labels: Cow::Borrowed(&[]) }
}

const fn of_workers(name: &'static str, help: &'static str) -> Description {
    Description { name, help, kind: Kind::Counter, labels: Cow::Borrowed(&["worker"]) }
}

/// The families of the runtime that this is called in; without samples outside of any.
pub(super) fn families() -> Vec<(Description, Vec<Sample>)> {
    let runtime = Handle::try_current().ok().map(|handle| handle.metrics());
    let family = |(description, read): Family| {
        let mut samples = Samples::default();
        runtime.iter().for_each(|runtime| read(runtime, &mut samples));
        (description, samples.0)
    };
    FAMILIES.map(family).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_worker_is_told_of() {
        let families = families();
        let of = |name: &str| &families.iter().find(|(it, _)| it.name == name).unwrap().1;
        assert_eq!(of("tokio_worker_busy_seconds_total").len(), 2);
        assert_eq!(of("tokio_workers")[0].value, super::super::Value::Number(2.0));
    }

    #[test]
    fn outside_of_a_runtime_there_is_nothing_to_tell() {
        assert!(families().iter().all(|(_, samples)| samples.is_empty()));
    }
}
