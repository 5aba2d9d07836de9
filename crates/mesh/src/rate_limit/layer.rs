//! How a rate limit is put before a service.

use std::{hash::RandomState, sync::Arc};

use tower_layer::Layer;

use super::{
    Everyone, Handle, Policy, RateLimit,
    gcra::{Cell, Quota},
    handle::Counts,
    headers::Fields,
    shared::Shared,
    table::Table,
};
use crate::{
    InvalidPolicy,
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// One rate limit: every service that it is put before shares it. Make one where the service is made, and not for each connection.
#[derive(Clone, Debug)]
pub struct RateLimitLayer<K = Everyone, C = TokioClock> {
    shared: Laned<Shared<K, C>>,
}

impl RateLimitLayer {
    /// One limit for all calls together, on tokio's clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy) -> Result<Self, InvalidPolicy> {
        Builder::new(policy).build()
    }
}

impl<K> RateLimitLayer<K> {
    /// A limit for each [`Key`](super::Key), on tokio's clock.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn by(policy: Policy, key: K) -> Result<Self, InvalidPolicy> {
        Builder::new(policy).build_by(key)
    }
}

impl<K, C> RateLimitLayer<K, C> {
    /// To read what came of it.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { counts: Arc::clone(&self.shared.counts) }
    }
}

impl<S, K, C> Layer<S> for RateLimitLayer<K, C> {
    type Service = RateLimit<S, K, C>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, self.shared.here())
    }
}

/// A rate limit with more than a policy.
#[derive(Debug)]
pub struct Builder<C = TokioClock> {
    policy: Policy,
    clock: C,
}

impl Builder {
    /// A rate limit on tokio's clock.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, clock: TokioClock::default() }
    }
}

impl<C: Clock> Builder<C> {
    /// On another clock.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> Builder<D> {
        Builder { policy: self.policy, clock }
    }

    /// One limit for all calls together.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build(self) -> Result<RateLimitLayer<Everyone, C>, InvalidPolicy> {
        self.finish(Everyone, |_| None)
    }

    /// A limit for each [`Key`](super::Key).
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn build_by<K>(self, key: K) -> Result<RateLimitLayer<K, C>, InvalidPolicy> {
        self.finish(key, |policy| Some(Table::new(policy.keys)))
    }

    fn finish<K>(
        self,
        key: K,
        each: impl FnOnce(&Policy) -> Option<Table>,
    ) -> Result<RateLimitLayer<K, C>, InvalidPolicy> {
        self.policy.validate()?;
        let quota = Quota::new(&self.policy);
        let each = each(&self.policy);
        let room = each.as_ref().map_or(1, |table| table.room() as u64);
        let fields = if self.policy.headers { Fields::new(&self.policy, &quota) } else { None };
        let shared = Shared {
            quota,
            one: Cell::new(),
            each,
            key,
            hasher: RandomState::new(),
            clock: self.clock,
            fields: fields.map(Arc::new),
            counts: Arc::new(Counts { room, ..Counts::default() }),
        };
        Ok(RateLimitLayer { shared: Laned::new(shared) })
    }
}
