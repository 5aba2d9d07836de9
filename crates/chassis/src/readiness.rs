//! Whether this process should be sent work, and why not.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::sync::watch;

/// Collects what must be true before a process is sent work. Clones share it.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// How many guards hold each gate closed. An open gate stays listed, so that a report shows every name.
    gates: BTreeMap<String, usize>,
    checks: Vec<(String, Check)>,
    draining: bool,
    started: bool,
}

type Check = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

impl Readiness {
    /// Ready until something blocks it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Not ready until the gate is dropped.
    #[must_use = "the gate opens as soon as it is dropped"]
    pub fn block(&self, name: impl Into<String>) -> Gate {
        let name = name.into();
        *self.state().gates.entry(name.clone()).or_default() += 1;
        Gate { name, readiness: self.clone() }
    }

    /// Not ready while `check` answers why not. It runs at every probe, so it answers from what is known, at
    /// once; it must not ask this `Readiness` anything.
    pub fn check(
        &self,
        name: impl Into<String>,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.state().checks.push((name.into(), Arc::new(check)));
    }

    /// Not ready from now on: the process is stopping.
    pub fn set_draining(&self) {
        self.state().draining = true;
    }

    /// Every check by name, in the order gates, checks, drain.
    #[must_use]
    pub fn report(&self) -> Report {
        let state = self.state();
        let gates = state.gates.iter().map(|(name, held)| {
            let reason = (*held > 0).then(|| "not done yet".to_owned());
            CheckReport { name: name.clone(), ready: reason.is_none(), reason }
        });
        let mut checks: Vec<_> = gates.collect();
        let (dynamic, draining) = (state.checks.clone(), state.draining);
        drop(state); // the checks are somebody else's code
        checks.extend(dynamic.into_iter().map(|(name, check)| {
            let reason = check().err();
            CheckReport { name, ready: reason.is_none(), reason }
        }));
        let reason = draining.then(|| "stopping".to_owned());
        checks.push(CheckReport { name: "drain".to_owned(), ready: !draining, reason });
        let ready = checks.iter().all(|check| check.ready);
        if ready {
            self.state().started = true;
        }
        Report { ready, checks }
    }

    /// Whether the process should be sent work now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.report().ready
    }

    /// Whether the process has been ready once: starting up is over, even if it is not ready now.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.state().started || self.is_ready()
    }

    /// Waits until every gate is open. Checks are not waited for: they may close and open at any time.
    pub async fn gates_open(&self) {
        let mut changes = self.0.changed.subscribe();
        while self.state().gates.values().any(|held| *held > 0) {
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let checks: Vec<_> = state.checks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Readiness")
            .field("gates", &state.gates)
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}

/// Keeps a process unready; drop it when what it waits for is true.
#[derive(Debug)]
pub struct Gate {
    name: String,
    readiness: Readiness,
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(held) = self.readiness.state().gates.get_mut(&self.name) {
            *held -= 1;
        }
        self.readiness.0.changed.send_replace(());
    }
}

/// What [`Readiness`] knows at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every check passes.
    pub ready: bool,
    /// Every check by name.
    pub checks: Vec<CheckReport>,
}

/// One check at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Its name.
    pub name: String,
    /// Whether it passes.
    pub ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_gate_blocks_until_it_is_dropped_and_stays_in_the_report() {
        let readiness = Readiness::new();
        let gate = readiness.block("catch-up");
        let report = readiness.report();
        assert!(!report.ready && !readiness.has_started());
        assert_eq!(report.checks[0].reason.as_deref(), Some("not done yet"));
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.gates_open().await }
        });
        drop(gate);
        waiting.await.unwrap();
        let report = readiness.report();
        assert!(report.ready && readiness.has_started());
        assert_eq!(report.checks[0].name, "catch-up");
    }

    #[test]
    fn two_gates_of_one_name_both_count() {
        let readiness = Readiness::new();
        let (first, second) = (readiness.block("migration"), readiness.block("migration"));
        drop(first);
        assert!(!readiness.is_ready());
        drop(second);
        assert!(readiness.is_ready());
    }

    #[test]
    fn a_check_is_asked_every_time_and_having_started_outlives_its_failure() {
        let up = Arc::new(AtomicBool::new(true));
        let readiness = Readiness::new();
        let seen = up.clone();
        readiness.check(
            "database",
            move || if seen.load(Ordering::Relaxed) { Ok(()) } else { Err("down".into()) },
        );
        assert!(readiness.is_ready());
        up.store(false, Ordering::Relaxed);
        let report = readiness.report();
        assert_eq!(report.checks[0].reason.as_deref(), Some("down"));
        assert!(!report.ready && readiness.has_started());
    }

    #[test]
    fn draining_is_not_ready_for_good() {
        let readiness = Readiness::new();
        readiness.set_draining();
        assert!(!readiness.is_ready());
    }
}
