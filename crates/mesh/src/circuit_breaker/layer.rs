//! How a breaker is put before a service.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

use tokio::sync::Notify;
use tower_layer::Layer;

use super::{
    CircuitBreaker, Handle, Policy, Transition,
    breaker::Breaker,
    shared::{Observer, Shared},
};
use crate::{
    InvalidPolicy,
    clock::{Clock, TokioClock},
    lanes::{self, Laned},
};

/// One breaker: every service that it is put before shares it. For a breaker per endpoint, make a layer per endpoint.
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer<K, C = TokioClock> {
    shared: Laned<Shared<C>>,
    classifier: K,
}

impl<K> CircuitBreakerLayer<K> {
    /// A breaker on tokio's clock, which nobody listens to.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy, classifier: K) -> Result<Self, InvalidPolicy> {
        Builder::new(policy).build(classifier)
    }
}

impl<K, C: Clock> CircuitBreakerLayer<K, C> {
    /// To read the breaker and to set its mode.
    #[must_use]
    pub fn handle(&self) -> Handle<C> {
        Handle { shared: self.shared.clone() }
    }
}

impl<S, K: Clone, C: Clock> Layer<S> for CircuitBreakerLayer<K, C> {
    type Service = CircuitBreaker<S, K, C>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreaker::new(inner, self.classifier.clone(), self.shared.here())
    }
}

/// A breaker with more than a policy.
pub struct Builder<C = TokioClock> {
    policy: Policy,
    clock: C,
    seed: u64,
    observer: Option<Observer>,
}

impl Builder {
    /// A breaker on tokio's clock, with a seed by chance.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { policy, clock: TokioClock::default(), seed, observer: None }
    }
}

impl<C: Clock> Builder<C> {
    /// On another clock.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> Builder<D> {
        Builder { policy: self.policy, clock, seed: self.seed, observer: self.observer }
    }

    /// With the jitter of a seed, so that a run can be repeated.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Has somebody told of every change. It is called by the call that brought the change about, and should be quick.
    #[must_use]
    pub fn on_transition(self, observer: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// The layer.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build<K>(self, classifier: K) -> Result<CircuitBreakerLayer<K, C>, InvalidPolicy> {
        self.policy.validate()?;
        let shared = Shared {
            breaker: Breaker::new(self.policy, self.seed, lanes::worthwhile(), self.clock.now()),
            clock: self.clock,
            changed: Arc::new(Notify::new()),
            observer: self.observer,
        };
        Ok(CircuitBreakerLayer { shared: Laned::new(shared), classifier })
    }
}

impl<C> std::fmt::Debug for Builder<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Builder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
