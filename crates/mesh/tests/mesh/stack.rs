//! The layers put together: in which order they are, and what becomes of them when the policy changes.

mod balanced;
mod bulkheads;
mod memory;
mod order;
mod policies;
mod reload;
mod servers;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use mesh::{
    BoxError, budget, circuit_breaker,
    deadline::Deadline,
    retry,
    stack::{AttemptPolicy, Client, ClientHandle, ClientLayer, ClientPolicy, Endpoint, client},
};
use tower::Layer;

use crate::upstream::{Upstream, ready_call};

const SECOND: Duration = Duration::from_secs(1);

type Stacked = Client<Endpoint<Upstream>>;

struct Stage {
    upstream: Upstream,
    service: Stacked,
    handle: ClientHandle,
}

impl Stage {
    fn new(policy: ClientPolicy) -> Self {
        let layer: ClientLayer = client(policy).expect("a policy in its ranges");
        let upstream = Upstream::default();
        let service = layer.layer(layer.endpoint().layer(upstream.clone()));
        Self { upstream, service, handle: layer.handle() }
    }

    async fn call(&mut self, request: Request<Full<Bytes>>) -> Result<u16, BoxError> {
        Ok(ready_call(&mut self.service, request).await?.status().as_u16())
    }

    async fn get(&mut self) -> Result<u16, BoxError> {
        self.call(asking(Method::GET, "/")).await
    }
}

fn asking(method: Method, path: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(path).body(Full::default()).expect("a request")
}

fn within(mut request: Request<Full<Bytes>>, time: Duration) -> Request<Full<Bytes>> {
    request.extensions_mut().insert(Deadline::after(time));
    request
}

/// A breaker that two failures in a row trip, with a back-off without chance.
fn breaker() -> circuit_breaker::Policy {
    circuit_breaker::Policy {
        consecutive_failures: Some(2),
        failure_percent: None,
        open: circuit_breaker::Backoff { jitter: 0.0, ..circuit_breaker::Backoff::default() },
        ..circuit_breaker::Policy::default()
    }
}

fn retrying(attempts: u32) -> AttemptPolicy {
    AttemptPolicy::Retry(retry::Policy { attempts, ..retry::Policy::default() })
}

/// Without retries nor a breaker, with room in the budget.
fn plain() -> ClientPolicy {
    let budget = budget::Policy { floor: 100, ..budget::Policy::default() };
    ClientPolicy { circuit_breaker: None, budget, ..ClientPolicy::default() }
}
