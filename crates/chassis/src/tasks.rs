//! Background parts: relays, consumers, timers. Each has the shape `run(drain)` and returns soon after it is
//! asked to.

use std::{
    collections::BTreeSet,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::FutureExt;
use opentelemetry::Context;
use prometheus::IntCounterVec;
use tokio::task::JoinSet;
use tracing::{Instrument, Metadata, error_span};

use crate::{
    metrics::{self, Identity, Metrics},
    shutdown::{self, Drain, Trigger},
};

/// Parts that start and stop together. Dropping it aborts them; [`stop`](Self::stop) lets them finish.
#[derive(Debug)]
pub struct Tasks {
    identity: Identity,
    liveness: Liveness,
    trigger: Trigger,
    drain: Drain,
    running: JoinSet<()>,
}

impl Tasks {
    /// None yet.
    #[must_use]
    pub fn new(identity: Identity, liveness: Liveness) -> Self {
        let (trigger, drain) = shutdown::drain();
        Tasks { identity, liveness, trigger, drain, running: JoinSet::new() }
    }

    /// Starts a part, which `run` makes of the signal that it ends by. A part that panics is not started
    /// again: it is logged, counted, and makes [`Liveness`] fail, so that whoever runs this process starts
    /// all of it anew.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn<F>(&mut self, name: &'static str, run: impl FnOnce(Drain) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Identity { service, style } = &self.identity;
        // Whatever is recorded within it is of this App.
        let app = Context::new().with_value(self.identity.clone()).attach();
        let span = error_span!("part", %service, %style, part = name);
        drop(app);
        let part = span.in_scope(|| run(self.drain.clone()));
        let liveness = self.liveness.clone();
        // Shown from the start, so that the first panic is an increase.
        liveness.panics.with_label_values(&[name]);
        let watched = async move {
            // The panic's message and place are logged by the panic hook.
            if AssertUnwindSafe(part).catch_unwind().await.is_err() {
                tracing::error!("the part `{name}` has ended for good; this process should be started anew");
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

    /// Asks every part to finish, and waits until all have. To give it up at a deadline, drop it, which
    /// aborts the rest.
    pub async fn stop(mut self) {
        self.trigger.drain();
        while self.running.join_next().await.is_some() {}
    }
}

/// Whether this is the span of a part.
pub(crate) fn is_part(metadata: &Metadata<'_>) -> bool {
    metadata.name() == "part" && metadata.target() == module_path!()
}

/// Whether this process should be started anew. Clones share it.
#[derive(Clone)]
pub struct Liveness {
    failed: Arc<Mutex<BTreeSet<&'static str>>>,
    checks: Arc<Mutex<Vec<Check>>>,
    panics: IntCounterVec,
}

/// What is looked at, and whether it lives.
type Check = (&'static str, Box<dyn Fn() -> bool + Send + Sync>);

impl Liveness {
    /// Alive.
    ///
    /// # Errors
    /// The App has one already.
    pub fn new(metrics: &Metrics) -> Result<Self, metrics::Error> {
        let help = "Background parts that panicked; each makes the App's liveness fail.";
        let panics = metrics.counter("background_panics_total", help, &["part"])?;
        Ok(Liveness { failed: Arc::default(), checks: Arc::default(), panics })
    }

    /// Not alive any more, because of `part`. There is no way back but a new process.
    pub fn fail(&self, part: &'static str) {
        self.panics.with_label_values(&[part]).inc();
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
    }

    /// Not alive once `lives` answers that it is not. It is asked at every probe, so it answers from what is known, at
    /// once.
    pub fn check(&self, name: &'static str, lives: impl Fn() -> bool + Send + Sync + 'static) {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).push((name, Box::new(lives)));
    }

    /// The parts that failed, in alphabetical order; none means alive.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let dead = checks.iter().filter(|(_, lives)| !lives()).map(|(name, _)| *name);
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.iter().copied().chain(dead).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl fmt::Debug for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Liveness").field("failed", &self.failed()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics::Format, testing::platform};

    fn tasks() -> (Tasks, Liveness, Metrics) {
        let metrics = Metrics::new("customers", "rest", &platform()).unwrap();
        let liveness = Liveness::new(&metrics).unwrap();
        (Tasks::new(metrics.identity().clone(), liveness.clone()), liveness, metrics)
    }

    #[tokio::test]
    async fn stopping_asks_every_part_and_waits_for_it() {
        let (mut tasks, liveness, _) = tasks();
        let ended = Arc::new(Mutex::new(0));
        for part in ["relay", "timers"] {
            let ended = ended.clone();
            tasks.spawn(part, |drain| async move {
                drain.requested().await;
                tokio::task::yield_now().await;
                *ended.lock().unwrap() += 1;
            });
        }
        tasks.stop().await;
        assert_eq!(*ended.lock().unwrap(), 2);
        assert!(liveness.failed().is_empty());
    }

    #[tokio::test]
    async fn a_part_that_panics_fails_liveness_and_is_counted_and_the_others_go_on() {
        let (mut tasks, liveness, metrics) = tasks();
        let (alive, other) = tokio::sync::oneshot::channel();
        tasks.spawn("relay", |_| async { panic!("for the test") });
        tasks.spawn("timers", |drain| async move {
            drain.requested().await;
            alive.send(()).unwrap();
        });
        while liveness.failed().is_empty() {
            tokio::task::yield_now().await;
        }
        tasks.stop().await;
        other.await.unwrap();
        assert_eq!(liveness.failed(), ["relay"]);
        let text = metrics::exposition([&metrics], Format::Text).unwrap();
        assert!(
            text.contains(r#"background_panics_total{part="relay",service="customers",style="rest"} 1"#),
            "{text}"
        );
    }

    #[tokio::test]
    async fn dropping_aborts_what_runs() {
        let (mut tasks, _, _) = tasks();
        let held = Arc::new(());
        let copy = held.clone();
        tasks.spawn("stuck", |_| async move {
            let _copy = copy;
            std::future::pending::<()>().await;
        });
        drop(tasks);
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
