//! How hedges are put before a service.

use std::sync::Arc;

use tower_layer::Layer;

use super::{
    Handle, Hedge, Policy,
    service::{Shared, State},
};
use crate::{
    InvalidPolicy,
    budget::Budget,
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// Hedges: every service that it is put before shares one budget and one histogram, so have a layer for each route whose calls take about as long.
#[derive(Debug)]
pub struct HedgeLayer<K, C = TokioClock> {
    shared: Laned<Shared<K, C>>,
}

impl<K> HedgeLayer<K> {
    /// With a budget of its own, on tokio's clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy, classifier: K) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let budget = Budget::new(policy.budget.clone())?;
        Builder::new(policy, budget, TokioClock::default()).build(classifier)
    }
}

impl<K, C: Clock> HedgeLayer<K, C> {
    /// To read what became of its calls.
    #[must_use]
    pub fn handle(&self) -> Handle<C> {
        Handle { state: Arc::clone(&self.shared.state), budget: self.shared.budget.clone() }
    }
}

impl<K, C> Clone for HedgeLayer<K, C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<S, K, C: Clock> Layer<S> for HedgeLayer<K, C> {
    type Service = Hedge<S, K, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Hedge::new(inner, self.shared.here())
    }
}

/// Hedges with more than a policy.
#[derive(Debug)]
pub struct Builder<C = TokioClock> {
    policy: Policy,
    budget: Budget<C>,
    clock: C,
}

impl<C: Clock> Builder<C> {
    /// With a budget that other layers may share, instead of the policy's, and a clock for how long calls take.
    #[must_use]
    pub fn new(policy: Policy, budget: Budget<C>, clock: C) -> Self {
        Self { policy, budget, clock }
    }

    /// The layer.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build<K>(self, classifier: K) -> Result<HedgeLayer<K, C>, InvalidPolicy> {
        self.policy.validate()?;
        let state = Arc::new(State::new(self.policy));
        let shared = Shared { state, classifier, budget: self.budget, clock: self.clock };
        Ok(HedgeLayer { shared: Laned::new(shared) })
    }
}
