//! How far a shutdown has come, for those who watch it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use super::Stage;
use crate::metrics::{Error, Metrics};

/// How far a shutdown has come. Clones watch the same.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    /// One more than the stage's place; zero while nothing stops.
    stage: AtomicUsize,
    took_micros: [AtomicU64; Stage::ALL.len()],
    given_up: AtomicU64,
}

impl Progress {
    /// The stage that it is in, or was in last; `None` while nothing stops.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        let place = self.0.stage.load(Relaxed).checked_sub(1)?;
        Stage::ALL.get(place).copied()
    }

    /// How long a stage took; zero until it is over.
    #[must_use]
    pub fn took(&self, stage: Stage) -> Duration {
        Duration::from_micros(self.0.took_micros[stage as usize].load(Relaxed))
    }

    /// How many steps had to be given up.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.0.given_up.load(Relaxed)
    }

    pub(super) fn begin(&self, stage: Stage) {
        self.0.stage.store(stage as usize + 1, Relaxed);
    }

    pub(super) fn end(&self, stage: Stage, took: Duration, given_up: usize) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.took_micros[stage as usize].store(micros, Relaxed);
        self.0.given_up.fetch_add(given_up as u64, Relaxed);
        tracing::debug!(
            stage = stage.name(),
            took_ms = took.as_millis(),
            given_up,
            "a stage of the drain is over"
        );
    }

    /// Shows it.
    pub(crate) fn show(&self, metrics: &Metrics) -> Result<(), Error> {
        let (progress, help) = (self.clone(), "The stage of the drain that the App is in: 1, the others 0.");
        metrics.read_gauge("drain_stage", help, &["stage"], move |shown| {
            let now = progress.stage();
            shown.count(&["serving"], u64::from(now.is_none()));
            for stage in Stage::ALL {
                shown.count(&[stage.name()], u64::from(now == Some(stage)));
            }
        })?;
        let (progress, help) = (self.clone(), "How long each stage of the drain took; 0 until it is over.");
        metrics.read_gauge("drain_stage_duration_seconds", help, &["stage"], move |shown| {
            for stage in Stage::ALL {
                shown.number(&[stage.name()], progress.took(stage).as_secs_f64());
            }
        })?;
        let (progress, help) = (self.clone(), "Steps of the drain that were not done in time.");
        metrics.read_counter("drain_given_up_steps_total", help, &[], move |shown| {
            shown.count(&[], progress.given_up());
        })
    }
}
