//! How often a breaker has changed, which it does not count itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
    /// How often the breaker came to be in a state, and why.
    counts: Arc<Mutex<Counts>>,
}

/// By the labels of the state and of the reason.
type Counts = BTreeMap<(&'static str, &'static str), u64>;

impl Transitions {
    /// Of a breaker that is about to be made, for what is called and where.
    #[must_use]
    pub fn of(name: &str, target: &str) -> Self {
        // Shown from the start, so that the first time is an increase.
        let counts = BTreeMap::from([((State::Open.label(), Reason::ConsecutiveFailures(0).label()), 0)]);
        Self { name: name.into(), target: target.into(), counts: Arc::new(Mutex::new(counts)) }
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

    pub(super) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn note(&self, change: &Transition) {
        self.tell(change);
        *self.lock().entry((change.to.label(), change.reason.label())).or_default() += 1;
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

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
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
