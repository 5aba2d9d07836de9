//! How a balancer is made.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

use tokio::sync::watch;

use super::{
    Balance, Event, NoSessions, Policy,
    follow::follow,
    pool::{Observer, Pool},
    service::Follower,
};
use crate::{
    InvalidPolicy,
    clock::{Clock, TokioClock},
    discovery::{Endpoint, EndpointSet},
};

impl<S: Send + Sync + 'static, K> Balance<S, K> {
    /// A balancer on tokio's clock, which nobody listens to.
    ///
    /// `connect` makes the service of an endpoint. It is called by the balancer's own task once for each that joins, so it should only set up
    /// what connects when it is called or polled.
    ///
    /// # Errors
    /// The policy is out of range.
    ///
    /// # Panics
    /// Outside of a runtime of tokio, where its task is to run.
    pub fn new<F>(
        policy: Policy,
        endpoints: watch::Receiver<Option<EndpointSet>>,
        classifier: K,
        connect: F,
    ) -> Result<Self, InvalidPolicy>
    where
        F: FnMut(&Endpoint) -> S + Send + 'static,
    {
        Builder::new(policy).build(endpoints, classifier, connect)
    }
}

/// A balancer with more than a policy.
pub struct Builder<X = NoSessions, C = TokioClock> {
    policy: Policy,
    sessions: X,
    clock: C,
    seed: u64,
    observer: Option<Observer>,
}

impl Builder {
    /// A balancer on tokio's clock, without sessions, with a seed by chance.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { policy, sessions: NoSessions, clock: TokioClock::default(), seed, observer: None }
    }
}

impl<X, C: Clock> Builder<X, C> {
    /// With calls that belong together, such as [`ByHeader`](super::ByHeader).
    #[must_use]
    pub fn sessions<Y>(self, sessions: Y) -> Builder<Y, C> {
        let Self { policy, clock, seed, observer, .. } = self;
        Builder { policy, sessions, clock, seed, observer }
    }

    /// On another clock. Intervals are still waited for on tokio's.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> Builder<X, D> {
        let Self { policy, sessions, seed, observer, .. } = self;
        Builder { policy, sessions, clock, seed, observer }
    }

    /// With the chances of a seed, so that a run can be repeated.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Has somebody told of every change. It is called by the call or the task that brought the change about, and should be quick.
    #[must_use]
    pub fn on_change(self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// The balancer; see [`Balance::new`].
    ///
    /// # Errors
    /// The policy is out of range.
    ///
    /// # Panics
    /// Outside of a runtime of tokio, where its task is to run.
    pub fn build<S, K, F>(
        self,
        endpoints: watch::Receiver<Option<EndpointSet>>,
        classifier: K,
        connect: F,
    ) -> Result<Balance<S, K, X, C>, InvalidPolicy>
    where
        S: Send + Sync + 'static,
        F: FnMut(&Endpoint) -> S + Send + 'static,
    {
        self.policy.validate()?;
        let pool = Arc::new(Pool::new(self.policy, self.clock, self.seed, self.observer));
        let task = tokio::spawn(follow(Arc::clone(&pool), endpoints, connect));
        let follower = Arc::new(Follower(task.abort_handle()));
        Ok(Balance::of(pool, follower, classifier, self.sessions))
    }
}

impl<X, C> std::fmt::Debug for Builder<X, C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Builder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
