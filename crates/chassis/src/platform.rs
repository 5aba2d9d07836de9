//! What a service takes from outside itself, so that a test can put something else in its place.

use std::{future::Future, sync::Arc};

use database::{Clock, Executor};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::{
    doubles::Doubles,
    ids::{Ids, Random},
    network::Network,
    traces::Traces,
};

/// Clock, ids, sockets, database threads and tasks. Every `App::build` is given one and takes nothing from
/// elsewhere, hence a whole system can run on one thread, in memory, twice the same.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The time.
    pub clock: Clock,
    /// Ids, and the random numbers behind them.
    pub ids: Ids,
    /// Sockets.
    pub network: Network,
    /// Where database work runs.
    pub executor: Executor,
    /// Where spans are recorded, if they are.
    pub traces: Traces,
    /// What a test puts around the parts of an App.
    pub doubles: Doubles,
    /// Which build this is.
    pub build: BuildInfo,
    /// The name of this replica, by which it holds leases. One that starts again under the same name need not
    /// wait for its own leases to expire; no two that run at a time have the same.
    pub instance: Arc<str>,
}

impl Platform {
    /// The same under another name of this replica.
    #[must_use]
    pub fn named(self, instance: impl Into<Arc<str>>) -> Self {
        Self { instance: instance.into(), ..self }
    }

    /// The same, whose Apps record spans.
    #[must_use]
    pub fn recording(self, traces: &Traces) -> Self {
        Self { traces: traces.clone(), ..self }
    }

    /// The same, in which a test has put something around the parts of Apps.
    #[must_use]
    pub fn doubled(self, doubles: Doubles) -> Self {
        Self { doubles, ..self }
    }

    /// The real thing.
    #[must_use]
    pub fn system() -> Self {
        let clock = Clock::system();
        let ids = Ids::new(clock.clone(), Random::system());
        Platform {
            instance: ids.next().to_string().into(),
            ids,
            clock,
            network: Network::tcp(),
            executor: Executor::Threads,
            traces: Traces::off(),
            doubles: Doubles::default(),
            build: BuildInfo::current(),
        }
    }

    /// For tests: ids of `seed`, `clock`, sockets in memory, and database work on the caller's thread.
    #[must_use]
    pub fn simulated(seed: u64, clock: Clock) -> Self {
        Platform {
            instance: "simulated".into(),
            ids: Ids::new(clock.clone(), Random::seeded(seed)),
            clock,
            network: Network::memory(),
            executor: Executor::Inline,
            traces: Traces::off(),
            doubles: Doubles::default(),
            build: BuildInfo::current(),
        }
    }

    /// The random numbers behind the ids.
    #[must_use]
    pub fn random(&self) -> &Random {
        self.ids.random()
    }

    /// Starts a task on the runtime of the caller, on which it stays: on a runtime of one thread everything
    /// runs there. The task logs under the span of the caller.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::spawn(task.in_current_span())
    }
}

/// Which build this is, for `/version` and the metric `build_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BuildInfo {
    /// The workspace's version.
    pub version: &'static str,
    /// The commit, where the build knows it.
    pub commit: &'static str,
    /// The compiler's version.
    pub rustc: &'static str,
    /// `release`, or `debug` if it was built without optimisation.
    pub profile: &'static str,
}

impl BuildInfo {
    /// The labels of `build_info`.
    pub(crate) const LABELS: &[&str] = &["version", "commit", "rustc", "profile"];

    /// This build, of the commit that was given in `GIT_COMMIT`.
    #[must_use]
    pub const fn current() -> Self {
        Self::of(option_env!("GIT_COMMIT"))
    }

    /// This build, of a commit that the program knows: its own build script may look, and then only the program is built
    /// anew after a commit, not this crate and all that stands on it.
    #[must_use]
    pub const fn of(commit: Option<&'static str>) -> Self {
        let commit = match commit {
            Some(commit) => commit,
            None => "unknown",
        };
        BuildInfo {
            version: env!("CARGO_PKG_VERSION"),
            commit,
            rustc: env!("BUILD_RUSTC"),
            profile: env!("BUILD_PROFILE"),
        }
    }

    pub(crate) const fn labels(&self) -> [&'static str; 4] {
        [self.version, self.commit, self.rustc, self.profile]
    }
}
