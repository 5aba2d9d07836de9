//! What the layers on the way to other services are at: `/mesh` on the admin port, and metrics.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::Timestamp;
use database::Clock;
use serde::Serialize;

use crate::{
    client::{Shown, Ways},
    metrics::{self, Identity, Metrics, Samples},
};

/// The ways of an App to others. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    ways: Arc<Mutex<Vec<Ways>>>,
    clock: Clock,
}

/// What `/mesh` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) breakers: Vec<Breaker>,
    /// Of balancers, limits and budgets, which a client of this chassis does not have.
    pub(crate) endpoints: Vec<()>,
    pub(crate) limits: Vec<()>,
    pub(crate) budgets: Vec<()>,
}

impl Report {
    /// What all of them have.
    pub(crate) fn of(apps: impl IntoIterator<Item = (Identity, Mesh)>) -> Self {
        let breakers = apps.into_iter().flat_map(|(app, mesh)| mesh.breakers(&app)).collect();
        Self { breakers, endpoints: vec![], limits: vec![], budgets: vec![] }
    }
}

/// A circuit breaker of an App.
#[derive(Debug, Serialize)]
pub(crate) struct Breaker {
    /// The App that calls.
    #[serde(flatten)]
    app: Identity,
    /// The service that is called.
    name: &'static str,
    /// Where.
    target: String,
    state: &'static str,
    /// When it last changed, or was made.
    since: Timestamp,
    /// Why it changed; nothing if it never did.
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'static str,
    /// While it is open, in how many milliseconds it is tried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_probe_ms: Option<u64>,
    /// Calls that it refused.
    refused: u64,
}

impl Mesh {
    /// Of an App that calls nobody so far, which counts by `metrics`.
    ///
    /// # Errors
    /// The App shows them already.
    pub(crate) fn new(clock: Clock, metrics: &Metrics) -> Result<Self, metrics::Error> {
        let mesh = Self { ways: Arc::default(), clock };
        mesh.show(metrics)?;
        Ok(mesh)
    }

    /// The App calls others by these, too.
    pub(crate) fn add(&self, ways: Ways) {
        self.ways().push(ways);
    }

    fn show(&self, metrics: &Metrics) -> Result<(), metrics::Error> {
        let help = "Which state the circuit breaker on the way to a service is in: 1 for that one.";
        let each = self.clone();
        metrics.read_gauge(
            "circuit_breaker_state",
            help,
            &["peer_service", "target", "state"],
            move |shown| {
                each.read(shown, |shown, way| {
                    shown.count(&[way.peer, &way.target, way.breaker.label()], 1);
                });
            },
        )?;
        let help = "How often the circuit breaker on the way to a service came to be in a state, and why.";
        let labels = &["peer_service", "target", "state", "reason"];
        let each = self.clone();
        metrics.read_counter("circuit_breaker_transitions_total", help, labels, move |shown| {
            each.read(shown, |shown, way| {
                for ((state, reason), count) in &way.transitions {
                    shown.count(&[way.peer, &way.target, state, reason], *count);
                }
            });
        })?;
        let help = "Calls that were not made, since the circuit was open.";
        let each = self.clone();
        metrics.read_counter(
            "circuit_breaker_refused_total",
            help,
            &["peer_service", "target"],
            move |shown| {
                each.read(shown, |shown, way| shown.count(&[way.peer, &way.target], way.breaker.refused));
            },
        )
    }

    fn read(&self, shown: &mut Samples, mut read: impl FnMut(&mut Samples, &Shown)) {
        let ways = self.ways().clone();
        ways.iter().flat_map(Ways::shown).for_each(|way| read(shown, &way));
    }

    fn breakers(&self, app: &Identity) -> Vec<Breaker> {
        let now = self.clock.now();
        let ways = self.ways().clone();
        let breaker = |way: Shown| Breaker {
            app: app.clone(),
            name: way.peer,
            target: way.target,
            state: way.breaker.label(),
            since: Timestamp::from_micros(now.saturating_sub(micros(way.since))),
            reason: way.reason,
            next_probe_ms: way.breaker.next_probe.map(|wait| micros(wait).unsigned_abs() / 1000),
            refused: way.breaker.refused,
        };
        ways.iter().flat_map(Ways::shown).map(breaker).collect()
    }

    fn ways(&self) -> MutexGuard<'_, Vec<Ways>> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
