//! How a limit is put before a service.

use std::hash::{BuildHasher, Hasher, RandomState};

use tower_layer::Layer;

use super::{Concurrency, Handle, OfRequest, Policy, shared::Shared};
use crate::{
    InvalidPolicy,
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// One limit: its clones, and every service that they are put before, share it.
#[derive(Clone, Debug)]
pub struct ConcurrencyLayer<K, P = OfRequest, C = TokioClock> {
    shared: Laned<Shared<C>>,
    classifier: K,
    priority: P,
}

impl<K> ConcurrencyLayer<K> {
    /// A limit on tokio's clock, for HTTP requests whose priority is an extension.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy, classifier: K) -> Result<Self, InvalidPolicy> {
        Builder::new(policy).build(classifier)
    }
}

impl<K, P, C: Clock> ConcurrencyLayer<K, P, C> {
    /// To read the limit.
    #[must_use]
    pub fn handle(&self) -> Handle<C> {
        Handle { shared: self.shared.clone() }
    }
}

impl<S, K: Clone, P: Clone, C: Clock> Layer<S> for ConcurrencyLayer<K, P, C> {
    type Service = Concurrency<S, K, P, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Concurrency::new(inner, self.classifier.clone(), self.priority.clone(), self.shared.here())
    }
}

/// A limit with more than a policy.
#[derive(Clone, Debug)]
pub struct Builder<P = OfRequest, C = TokioClock> {
    policy: Policy,
    priority: P,
    clock: C,
    seed: u64,
}

impl Builder {
    /// A limit on tokio's clock, for HTTP requests whose priority is an extension, with a seed by chance.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { policy, priority: OfRequest::new(), clock: TokioClock::default(), seed }
    }
}

impl<P, C: Clock> Builder<P, C> {
    /// How important requests are: an [`OfRequest`] with a header, a closure, or one [`Priority`](super::Priority) for all.
    #[must_use]
    pub fn priority<Q>(self, priority: Q) -> Builder<Q, C> {
        Builder { policy: self.policy, priority, clock: self.clock, seed: self.seed }
    }

    /// On another clock.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> Builder<P, D> {
        Builder { policy: self.policy, priority: self.priority, clock, seed: self.seed }
    }

    /// With the chances of a seed, so that a run can be repeated.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The layer.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build<K>(self, classifier: K) -> Result<ConcurrencyLayer<K, P, C>, InvalidPolicy> {
        self.policy.validate()?;
        let shared = Laned::new(Shared::new(self.policy, self.clock, self.seed));
        Ok(ConcurrencyLayer { shared, classifier, priority: self.priority })
    }
}
