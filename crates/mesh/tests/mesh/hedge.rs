//! Hedges in front of an upstream, under a paused clock. Each test says what the caller saw, and how often the upstream was called.

mod readiness;
mod rules;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use mesh::{
    BoxError, budget,
    budget::Budget,
    classify::Http,
    clock::TokioClock,
    hedge::{Builder, Handle, Hedge, NotSent, Policy},
};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

use crate::upstream::{Upstream, error, never, ready_call, status};

const SECOND: Duration = Duration::from_secs(1);
/// How long calls take here.
const USUAL: Duration = Duration::from_millis(100);

struct Stage {
    upstream: Upstream,
    service: Hedge<Upstream, Http>,
    handle: Handle,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        let room = budget::Policy { floor: 100, ..budget::Policy::default() };
        Self::with_budget(policy, Budget::new(room).expect("a policy in its ranges"))
    }

    fn with_budget(policy: Policy, budget: Budget) -> Self {
        let builder = Builder::new(policy, budget, TokioClock::default());
        let layer = builder.build(Http::new()).expect("a policy in its ranges");
        let upstream = Upstream::default();
        Self { service: layer.layer(upstream.clone()), handle: layer.handle(), upstream }
    }

    /// A hundred calls that took as long as usual.
    async fn warm(policy: Policy) -> Self {
        let mut stage = Self::new(policy);
        stage.warms_up().await;
        stage
    }

    async fn warms_up(&mut self) {
        self.upstream.will(vec![status(200).after(USUAL); 100]);
        for _ in 0..100 {
            assert_eq!(self.get().await.expect("an answer"), 200);
        }
        assert_eq!((self.upstream.calls(), self.handle.snapshot().sent), (100, 0));
    }

    async fn call(&mut self, request: Request<Full<Bytes>>) -> Result<u16, BoxError> {
        Ok(ready_call(&mut self.service, request).await?.status().as_u16())
    }

    async fn get(&mut self) -> Result<u16, BoxError> {
        self.call(get()).await
    }

    /// How many calls there were since it was warm.
    fn calls(&self) -> usize {
        self.upstream.calls() - 100
    }
}

fn get() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}
