//! How retries are put before a service.

use std::{
    error::Error,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, atomic::AtomicU64},
};

use tower_layer::Layer;

use super::{Handle, Policy, Retry, never_processed, service::Shared, unprocessed::OfError};
use crate::{
    InvalidPolicy,
    budget::Budget,
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// Retries: every service that it is put before shares one budget.
#[derive(Debug)]
pub struct RetryLayer<K, C = TokioClock> {
    shared: Laned<Shared<K, C>>,
}

impl<K> RetryLayer<K> {
    /// With a budget of its own, on tokio's clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy, classifier: K) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let budget = Budget::new(policy.budget.clone())?;
        Builder::new(policy, budget).build(classifier)
    }
}

impl<K, C: Clock> RetryLayer<K, C> {
    /// To read what became of its calls.
    #[must_use]
    pub fn handle(&self) -> Handle<C> {
        Handle { counters: Arc::clone(&self.shared.counters), budget: self.shared.budget.clone() }
    }
}

impl<K, C> Clone for RetryLayer<K, C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<S, K, C: Clock> Layer<S> for RetryLayer<K, C> {
    type Service = Retry<S, K, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry::new(inner, self.shared.here())
    }
}

/// Retries with more than a policy.
pub struct Builder<C = TokioClock> {
    policy: Policy,
    budget: Budget<C>,
    seed: u64,
    unprocessed: OfError,
}

impl<C: Clock> Builder<C> {
    /// With a budget that other layers may share, instead of the policy's, and a seed by chance.
    #[must_use]
    pub fn new(policy: Policy, budget: Budget<C>) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { policy, budget, seed, unprocessed: Box::new(never_processed) }
    }

    /// With the jitter of a seed, so that a run can be repeated.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Which errors, or causes of one, say that the server has certainly done nothing of the call, beside [those that are known](never_processed).
    #[must_use]
    pub fn unprocessed(self, of: impl Fn(&(dyn Error + 'static)) -> bool + Send + Sync + 'static) -> Self {
        let before = self.unprocessed;
        Self { unprocessed: Box::new(move |error| before(error) || of(error)), ..self }
    }

    /// The layer.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build<K>(self, classifier: K) -> Result<RetryLayer<K, C>, InvalidPolicy> {
        self.policy.validate()?;
        let shared = Shared {
            policy: self.policy,
            classifier,
            budget: self.budget,
            unprocessed: self.unprocessed,
            counters: Arc::default(),
            seed: AtomicU64::new(self.seed),
        };
        Ok(RetryLayer { shared: Laned::new(shared) })
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
