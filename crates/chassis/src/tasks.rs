//! Background parts: relays, consumers, timers. Each has the shape `run(drain)` and returns soon after it is asked to.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::FutureExt;
use prometheus::IntCounterVec;
use tokio::task::JoinSet;
use tracing::{Instrument, info_span};

use crate::{
    metrics::{self, Metrics},
    platform::Platform,
    shutdown::{self, Drain, Trigger},
};

/// The background parts of one App. Dropping it aborts them; [`stop`](Self::stop) lets them finish.
#[derive(Debug)]
pub struct Tasks {
    metrics: Metrics,
    panics: IntCounterVec,
    liveness: Liveness,
    trigger: Trigger,
    drain: Drain,
    running: JoinSet<()>,
}

impl Tasks {
    /// None yet.
    ///
    /// # Errors
    /// The App has a set of tasks already.
    pub fn new(_platform: &Platform, metrics: &Metrics, liveness: Liveness) -> Result<Self, metrics::Error> {
        let help = "Background parts that panicked, by name; each makes the App's liveness fail.";
        let panics = metrics.counter("background_panics_total", help, &["part"])?;
        let (trigger, drain) = shutdown::drain();
        Ok(Tasks { metrics: metrics.clone(), panics, liveness, trigger, drain, running: JoinSet::new() })
    }

    /// Starts a part, which `run` makes of the signal that it ends by. A part that panics is not started again: it is logged,
    /// counted, and makes [`Liveness`] fail, so that whoever runs this process starts all of it anew.
    pub fn spawn<F>(&mut self, name: &'static str, run: impl FnOnce(Drain) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let identity = self.metrics.identity();
        let span = info_span!("part", service = %identity.service, style = %identity.style, part = name);
        let part = run(self.drain.clone());
        let (panics, liveness) = (self.panics.clone(), self.liveness.clone());
        let watched = async move {
            // The panic's message and place are logged by the panic hook.
            if AssertUnwindSafe(part).catch_unwind().await.is_err() {
                tracing::error!("the part `{name}` has ended for good; this process should be started anew");
                panics.with_label_values(&[name]).inc();
                liveness.fail(name);
            }
        };
        self.running.spawn(watched.instrument(span));
    }

    /// The signal that the parts end by.
    #[must_use]
    pub fn drain(&self) -> Drain {
        self.drain.clone()
    }

    /// Asks every part to finish, and waits until all have. Give it up at a deadline by dropping it, which aborts the rest.
    pub async fn stop(mut self) {
        self.trigger.drain();
        while self.running.join_next().await.is_some() {}
    }
}

/// Whether this process should be started anew. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Liveness(Arc<Mutex<BTreeSet<String>>>);

impl Liveness {
    /// Alive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Not alive any more, because of `part`. There is no way back but a new process.
    pub fn fail(&self, part: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part.into());
    }

    /// The parts that failed, in alphabetical order; none means alive.
    #[must_use]
    pub fn failed(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
