//! The breaker in front of a server, under a paused clock. Each test says what the caller saw, and whether the server was called.

mod mistakes;
mod readiness;
mod rules;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response};
use mesh::{
    BoxError, Refused,
    circuit_breaker::{Backoff, Builder, CircuitBreaker, Handle, Policy, State, Transition},
    classify::Http,
};
use tower::{Layer, Service, ServiceExt};

use crate::server::{Answer, Server};

const SECOND: Duration = Duration::from_secs(1);

/// Two failures in a row, no jitter: what most tests need.
fn policy() -> Policy {
    Policy {
        consecutive_failures: Some(2),
        failure_percent: None,
        open: Backoff { jitter: 0.0, ..Backoff::default() },
        ..Policy::default()
    }
}

type Guarded = CircuitBreaker<Server, Http>;

struct Stage {
    server: Server,
    service: Guarded,
    handle: Handle,
    told: Arc<Mutex<Vec<Transition>>>,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        let told = Arc::new(Mutex::new(vec![]));
        let listener = Arc::clone(&told);
        let builder = Builder::new(policy).on_transition(move |change| {
            listener.lock().expect("a listener that does not panic").push(*change);
        });
        let layer = builder.build(Http::new()).expect("a policy in its ranges");
        let server = Server::default();
        Self { service: layer.layer(server.clone()), handle: layer.handle(), server, told }
    }

    async fn call(&mut self) -> Result<u16, BoxError> {
        call(&mut self.service).await
    }

    /// Makes a call that the server answers so.
    async fn answers(&mut self, answer: Answer) {
        self.server.will([answer]);
        let before = self.server.calls();
        let _ = self.call().await;
        assert_eq!(self.server.calls(), before + 1, "the call went through");
    }

    async fn trips(&mut self) {
        self.answers(Answer::Status(500)).await;
        self.answers(Answer::Status(500)).await;
        assert_eq!(self.handle.state(), State::Open);
    }

    /// Makes a call that does not reach the server.
    async fn refuses(&mut self) -> Refused {
        let before = self.server.calls();
        let refused = refusal(self.call().await);
        assert_eq!(self.server.calls(), before, "the server was not called");
        refused
    }

    fn states(&self) -> Vec<(State, &'static str)> {
        let told = self.told.lock().expect("a listener that does not panic");
        told.iter().map(|change| (change.to, change.reason.label())).collect()
    }
}

async fn call(service: &mut Guarded) -> Result<u16, BoxError> {
    let response: Response<()> = service.ready().await?.call(Request::new(())).await?;
    Ok(response.status().as_u16())
}

fn refusal<T: std::fmt::Debug>(result: Result<T, BoxError>) -> Refused {
    let error = result.expect_err("a refusal");
    *error.downcast().expect("a refusal, and no other error")
}

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
}
