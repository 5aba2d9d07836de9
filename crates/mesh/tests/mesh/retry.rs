//! Retries in front of an upstream, under a paused clock. Each test says what the caller saw, and how often the upstream was called.

mod bodies;
mod budgets;
mod mistakes;
mod readiness;
mod rules;
mod safety;
#[cfg(feature = "h2")]
mod streams;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use mesh::{
    BoxError, budget,
    budget::Budget,
    classify::Http,
    retry::{Backoff, Builder, Ended, Handle, Policy, Reason, Retry},
};
use tower::{Layer, Service, ServiceExt};

use crate::upstream::{Upstream, error, never, ready_call, status};

const SECOND: Duration = Duration::from_secs(1);

struct Stage {
    upstream: Upstream,
    service: Retry<Upstream, Http>,
    handle: Handle,
}

/// Room for a hundred attempts.
fn roomy() -> budget::Policy {
    budget::Policy { floor: 100, ..budget::Policy::default() }
}

impl Stage {
    fn new(policy: Policy) -> Self {
        Self::with_budget(policy, Budget::new(roomy()).expect("a policy in its ranges"))
    }

    fn with_budget(policy: Policy, budget: Budget) -> Self {
        let layer = Builder::new(policy, budget).seed(7).build(Http::new()).expect("a policy in its ranges");
        let upstream = Upstream::default();
        Self { service: layer.layer(upstream.clone()), handle: layer.handle(), upstream }
    }

    async fn call(&mut self, request: Request<Full<Bytes>>) -> Result<u16, BoxError> {
        Ok(ready_call(&mut self.service, request).await?.status().as_u16())
    }

    async fn get(&mut self) -> Result<u16, BoxError> {
        self.call(get()).await
    }

    fn retries(&self, reason: Reason) -> u64 {
        self.handle.snapshot().retries(reason)
    }

    fn ended(&self, ended: Ended) -> u64 {
        self.handle.snapshot().ended(ended)
    }
}

fn get() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}

fn post(body: &'static str) -> Request<Full<Bytes>> {
    Request::builder().method(Method::POST).body(body.into()).expect("a request")
}
