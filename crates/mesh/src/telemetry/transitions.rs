//! What a breaker has been, which it does not keep itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use crate::{
    circuit_breaker::{Handle, Reason, State, Transition},
    clock::TokioClock,
};

/// Counts the changes of a breaker, and tells each to `tracing` (feature `tracing`): as a warning that it opens, else at a lower level.
/// Clones are the same.
#[derive(Clone, Debug)]
pub struct Transitions {
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only `tracing` is told"))]
    name: Arc<str>,
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only `tracing` is told"))]
    target: Arc<str>,
    past: Arc<Mutex<Past>>,
}

#[derive(Clone, Debug)]
pub(super) struct Past {
    generation: u32,
    pub(super) since: Instant,
    pub(super) reason: Option<Reason>,
    /// How often it came to be in a state, and why.
    pub(super) counts: BTreeMap<(&'static str, &'static str), u64>,
}

impl Transitions {
    /// Of a breaker that is about to be made, for what is called and where.
    #[must_use]
    pub fn of(name: &str, target: &str) -> Self {
        // Shown from the start, so that the first time is an increase.
        let counts = BTreeMap::from([((State::Open.label(), Reason::ConsecutiveFailures(0).label()), 0)]);
        let past = Past { generation: 0, since: Instant::now(), reason: None, counts };
        Self { name: name.into(), target: target.into(), past: Arc::new(Mutex::new(past)) }
    }

    /// For the breaker's [`on_transition`](crate::circuit_breaker::Builder::on_transition).
    pub fn observer(&self) -> impl Fn(&Transition) + Send + Sync + use<> {
        let transitions = self.clone();
        move |change| transitions.note(change)
    }

    /// With the breaker's handle: all there is to show of it.
    #[must_use]
    pub fn and<C>(self, handle: Handle<C>) -> Observed<C> {
        Observed { transitions: self, handle }
    }

    pub(super) fn past(&self) -> Past {
        self.lock().clone()
    }

    fn note(&self, change: &Transition) {
        self.tell(change);
        let mut past = self.lock();
        *past.counts.entry((change.to.label(), change.reason.label())).or_default() += 1;
        // Of two changes that were told in the other order, the later one holds. Generations begin anew some day.
        let behind = past.generation.checked_sub(change.generation);
        if behind.is_none_or(|behind| behind > 1024) {
            past.generation = change.generation;
            (past.since, past.reason) = (Instant::now(), Some(change.reason));
        }
    }

    #[cfg(feature = "tracing")]
    fn tell(&self, change: &Transition) {
        let (name, target, reason) = (&*self.name, &*self.target, change.reason.label());
        match (change.to, change.reason) {
            (_, Reason::ModeSet) => {
                tracing::info!(name, target, mode = ?change.mode, "the mode of the circuit to `{name}` is set");
            }
            (State::Open, _) => {
                let open_ms = change.open_for.unwrap_or_default().as_millis();
                let open_ms = u64::try_from(open_ms).unwrap_or(u64::MAX);
                tracing::warn!(name, target, reason, open_ms, "the circuit to `{name}` is open");
            }
            (State::HalfOpen, _) => {
                tracing::debug!(name, target, reason, "the circuit to `{name}` is tried out");
            }
            (State::Closed, _) => {
                tracing::info!(name, target, reason, "the circuit to `{name}` is closed again");
            }
        }
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "it has somebody to tell with the feature `tracing`")]
    fn tell(&self, _: &Transition) {}

    fn lock(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A breaker's handle with what the breaker has been.
#[derive(Clone, Debug)]
pub struct Observed<C = TokioClock> {
    pub(super) transitions: Transitions,
    pub(super) handle: Handle<C>,
}

impl<C: Clone> Observed<C> {
    /// The breaker's handle.
    #[must_use]
    pub fn handle(&self) -> Handle<C> {
        self.handle.clone()
    }
}
