//! Stopping in order: unready, no new work, the work in flight, background parts, databases, and logs last.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use std::time::Duration;
//! use chassis::shutdown::{Shutdown, Stage};
//!
//! let mut shutdown = Shutdown::new(Duration::from_secs(20));
//! shutdown.at(Stage::Storage, "orders.db", async { /* close */ });
//! shutdown.at(Stage::Unready, "readiness", async { /* say so */ });
//! assert!(shutdown.run().await.is_clean()); // readiness first, whatever order they were told in
//! # }
//! ```

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
    time::{Instant, timeout_at},
};

mod progress;

pub use progress::Progress;

/// Asks every [`Drain`] made with it to finish. Dropping it asks too, since whoever ran the parts is gone.
#[derive(Debug)]
pub struct Trigger(Arc<Asked>);

/// Tells a part that it should finish what it has in hand and return.
#[derive(Clone, Debug)]
pub struct Drain(Arc<Asked>);

/// Whether draining was asked for. Those who wait are woken in the order in which they began to: Tokio's `watch` would wake
/// them in one of chance, and a run in which a process ends could not be repeated.
#[derive(Debug, Default)]
struct Asked {
    asked: AtomicBool,
    notify: Notify,
}

/// A trigger, and the signal that it gives.
#[must_use]
pub fn drain() -> (Trigger, Drain) {
    let asked = Arc::<Asked>::default();
    (Trigger(asked.clone()), Drain(asked))
}

impl Trigger {
    /// Asks; asking again changes nothing.
    pub fn drain(&self) {
        self.0.asked.store(true, SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Another signal of this trigger.
    #[must_use]
    pub fn signal(&self) -> Drain {
        Drain(self.0.clone())
    }
}

impl Drop for Trigger {
    fn drop(&mut self) {
        self.drain();
    }
}

impl Drain {
    /// Waits until draining is asked for. Cancel safe; returns at once if it was asked for before.
    pub async fn requested(&self) {
        // Made before the look, so that whoever asks between the two is heard.
        let notified = self.0.notify.notified();
        if !self.is_requested() {
            notified.await;
        }
    }

    /// Whether draining was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.asked.load(SeqCst)
    }

    /// Sleeps, but not beyond a request to drain, and tells whether the whole time passed: `while
    /// drain.sleep(pause).await` is a part's loop.
    pub async fn sleep(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.requested()).await.is_err()
    }
}

/// Waits for SIGTERM or SIGINT. Where the process may not listen for one of them, the other still works.
pub async fn shutdown_signal() {
    let name = tokio::select! {
        biased;
        () = arrived(SignalKind::terminate()) => "SIGTERM",
        () = arrived(SignalKind::interrupt()) => "SIGINT",
    };
    tracing::info!(signal = name, "asked to stop");
}

async fn arrived(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "cannot listen for signal {}", kind.as_raw_value());
            std::future::pending::<()>().await;
        }
    }
}

/// When a step of a shutdown runs. Stages follow one another in this order; steps of one stage run side by
/// side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Say so on `/readyz`, so that nobody sends more.
    Unready,
    /// Close the listeners, and finish the requests in flight.
    InFlight,
    /// Stop relays, consumers, timers and the other background parts.
    Background,
    /// Close databases and connections, which nobody uses any more.
    Storage,
    /// Flush logs, metrics and traces, which told of all the above.
    Telemetry,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Unready, Self::InFlight, Self::Background, Self::Storage, Self::Telemetry];

    /// What metrics call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unready => "unready",
            Self::InFlight => "in_flight",
            Self::Background => "background",
            Self::Storage => "storage",
            Self::Telemetry => "telemetry",
        }
    }
}

type Step = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The steps of one shutdown, told in any order and run in the order of their [`Stage`]s.
pub struct Shutdown {
    grace: Duration,
    steps: Vec<(Stage, String, Step)>,
    progress: Progress,
}

impl Shutdown {
    /// A shutdown whose stages before [`Stage::Storage`] share `grace`; what is not done by then is given up.
    /// Storage and telemetry, which are short and must not be skipped, get [`LAST_STEPS`] each on top.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Shutdown { grace, steps: Vec::new(), progress: Progress::default() }
    }

    /// Watches how far it comes.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Adds a step.
    pub fn at(
        &mut self,
        stage: Stage,
        name: impl Into<String>,
        step: impl Future<Output = ()> + Send + 'static,
    ) {
        self.steps.push((stage, name.into(), Box::pin(step)));
    }

    /// Runs the steps and tells which of them had to be given up.
    pub async fn run(mut self) -> Stopped {
        let grace_ends = Instant::now() + self.grace;
        self.steps.sort_by_key(|(stage, ..)| *stage); // stable: within a stage, as told
        let mut overdue = Vec::new();
        while let Some(&(stage, ..)) = self.steps.first() {
            let rest = self.steps.partition_point(|step| step.0 == stage);
            let now: Vec<_> = self.steps.drain(..rest).collect();
            let deadline = match stage {
                Stage::Storage | Stage::Telemetry => Instant::now() + LAST_STEPS,
                Stage::Unready | Stage::InFlight | Stage::Background => grace_ends,
            };
            let begun = Instant::now();
            self.progress.begin(stage);
            let ended = join_all(now.into_iter().map(|(_, name, step)| run_step(name, step, deadline))).await;
            let before = overdue.len();
            overdue.extend(ended.into_iter().flatten());
            self.progress.end(stage, begun.elapsed(), overdue.len() - before);
        }
        Stopped { overdue }
    }
}

/// What closing storage and flushing telemetry may take, each.
pub const LAST_STEPS: Duration = Duration::from_secs(5);

/// The step's name if it had to be given up.
async fn run_step(name: String, step: Step, deadline: Instant) -> Option<String> {
    tracing::debug!(step = name, "stopping");
    match timeout_at(deadline, step).await {
        Ok(()) => None,
        Err(_) => {
            tracing::warn!(step = name, "not done in time, given up");
            Some(name)
        }
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.iter().map(|(stage, name, _)| (stage, name));
        f.debug_struct("Shutdown")
            .field("grace", &self.grace)
            .field("steps", &steps.collect::<Vec<_>>())
            .finish()
    }
}

/// How a shutdown went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The steps that were given up at their deadline.
    pub overdue: Vec<String>,
}

impl Stopped {
    /// Whether every step was done in time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.overdue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn draining_reaches_every_clone_and_those_who_ask_late() {
        let (trigger, drain) = drain();
        let clone = drain.clone();
        assert!(!drain.is_requested());
        trigger.drain();
        drain.requested().await;
        clone.requested().await;
        trigger.signal().requested().await;
        assert!(clone.is_requested());
    }

    #[tokio::test]
    async fn a_dropped_trigger_asks_to_drain() {
        let (trigger, drain) = drain();
        drop(trigger);
        drain.requested().await;
        assert!(drain.is_requested());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_early_when_draining() {
        let (trigger, drain) = drain();
        assert!(drain.sleep(Duration::from_secs(1)).await);
        trigger.drain();
        assert!(!drain.sleep(Duration::from_secs(1)).await);
    }

    #[tokio::test]
    async fn stages_run_in_order_whatever_order_they_were_told_in() {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let mut shutdown = Shutdown::new(Duration::from_secs(1));
        for stage in [Stage::Telemetry, Stage::Storage, Stage::InFlight, Stage::Background, Stage::Unready] {
            let ran = ran.clone();
            shutdown.at(stage, "step", async move { ran.lock().unwrap().push(stage) });
        }
        assert!(shutdown.run().await.is_clean());
        let expected = [Stage::Unready, Stage::InFlight, Stage::Background, Stage::Storage, Stage::Telemetry];
        assert_eq!(*ran.lock().unwrap(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_hangs_is_given_up_and_storage_still_closes() {
        let closed = Arc::new(Mutex::new(false));
        let seen = closed.clone();
        let mut shutdown = Shutdown::new(Duration::from_secs(1));
        shutdown.at(Stage::InFlight, "stuck", std::future::pending());
        shutdown.at(Stage::Storage, "database", async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            *seen.lock().unwrap() = true;
        });
        let progress = shutdown.progress();
        assert_eq!(progress.stage(), None);
        assert_eq!(shutdown.run().await.overdue, ["stuck"]);
        assert!(*closed.lock().unwrap());
        assert_eq!((progress.stage(), progress.given_up()), (Some(Stage::Storage), 1));
        let took = [Stage::InFlight, Stage::Storage].map(|stage| progress.took(stage).as_secs());
        assert_eq!((took, progress.took(Stage::Unready)), ([1, 2], Duration::ZERO));
    }

    #[test]
    fn stages_are_shown_by_their_place() {
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place);
        }
    }
}
