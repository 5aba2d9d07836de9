//! The balancer in front of servers, under a paused clock. Each test says what the caller saw, and which server was called.

mod ejections;
mod few;
mod mistakes;
mod readiness;
mod rules;
mod simulation;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response};
use mesh::{
    BoxError, Refused,
    balance::{Balance, Builder, Change, Event, Handle, Outlier, Policy, Snapshot},
    circuit_breaker::{self, Backoff},
    classify::Http,
    discovery::{Condition, Endpoint, EndpointSet},
};
use tokio::sync::watch;
use tower::{Service, ServiceExt};

use crate::server::{Answer, Server};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

/// Neither breakers nor ejections nor slow start, and a failure is no slower than a success: what a test does not speak of.
fn plain() -> Policy {
    Policy { slow_start: None, breaker: None, outlier: None, failure_factor: 1.0, ..Policy::default() }
}

/// Breakers that open after two failures in a row, for a second.
fn breakers() -> Policy {
    let breaker = circuit_breaker::Policy {
        consecutive_failures: Some(2),
        failure_percent: None,
        open: Backoff { jitter: 0.0, ..Backoff::default() },
        ..circuit_breaker::Policy::default()
    };
    Policy { breaker: Some(breaker), ..plain() }
}

/// Ejections after three failures in a row.
fn ejections(max_percent: u8) -> Policy {
    let outlier =
        Outlier { consecutive_failures: Some(3), success_rate: None, max_percent, ..Outlier::default() };
    Policy { outlier: Some(outlier), ..plain() }
}

fn address(number: u8) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, number), 80).into()
}

fn set(numbers: impl IntoIterator<Item = u8>) -> EndpointSet {
    numbers.into_iter().map(|number| Endpoint::new(address(number))).collect()
}

type Fleet = Arc<Mutex<BTreeMap<SocketAddr, Server>>>;
type Balanced = Balance<Server, Http>;

struct Stage {
    fleet: Fleet,
    source: watch::Sender<Option<EndpointSet>>,
    service: Balanced,
    handle: Handle<Server>,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Stage {
    /// A balancer over so many servers.
    async fn new(policy: Policy, servers: u8) -> Self {
        let stage = Self::without_a_set(policy);
        stage.follow(1..=servers).await;
        stage
    }

    fn without_a_set(policy: Policy) -> Self {
        let (source, endpoints) = watch::channel(None);
        let (fleet, told) = (Fleet::default(), Arc::new(Mutex::new(vec![])));
        let (servers, listener) = (Arc::clone(&fleet), Arc::clone(&told));
        let builder = Builder::new(policy).seed(1).on_change(move |event| {
            listener.lock().expect("a listener that does not panic").push(*event);
        });
        let connect = move |endpoint: &Endpoint| {
            let mut servers = servers.lock().expect("no test panics while it holds this");
            servers.entry(endpoint.address).or_default().clone()
        };
        let service = builder.build(endpoints, Http::new(), connect).expect("a policy in its ranges");
        Self { fleet, source, handle: service.handle(), service, told }
    }

    /// These are the endpoints from now on.
    async fn follow(&self, numbers: impl IntoIterator<Item = u8>) {
        self.source.send_replace(Some(set(numbers)));
        settle().await;
    }

    fn server(&self, number: u8) -> Server {
        let mut servers = self.fleet.lock().expect("no test panics while it holds this");
        servers.entry(address(number)).or_default().clone()
    }

    /// Calls of each server so far.
    fn calls(&self) -> Vec<usize> {
        let servers = self.fleet.lock().expect("no test panics while it holds this");
        servers.values().map(Server::calls).collect()
    }

    fn polls(&self) -> usize {
        let servers = self.fleet.lock().expect("no test panics while it holds this");
        servers.values().map(Server::polls).sum()
    }

    /// Makes so many calls, one after the other.
    async fn call(&mut self, times: usize) {
        for _ in 0..times {
            let _ = call(&self.service).await;
        }
    }

    /// Has this server fail so often, by calls of which others get their part, too.
    async fn fails(&mut self, number: u8, times: usize) {
        let server = self.server(number);
        server.will(vec![Answer::Status(500); times]);
        let goal = server.calls() + times;
        for _ in 0..10_000 {
            if server.calls() < goal {
                let _ = call(&self.service).await;
            }
        }
        assert_eq!(server.calls(), goal, "server {number} gets calls");
    }

    fn snapshot(&self) -> Snapshot {
        self.handle.snapshot()
    }

    fn changes(&self) -> Vec<Change> {
        self.told.lock().expect("a listener that does not panic").iter().map(|event| event.change).collect()
    }

    fn labels(&self) -> Vec<&'static str> {
        self.changes().into_iter().map(Change::label).collect()
    }
}

async fn call(service: &Balanced) -> Result<u16, BoxError> {
    let response: Response<()> = service.clone().oneshot(Request::new(())).await?;
    Ok(response.status().as_u16())
}

fn refusal<T: std::fmt::Debug>(result: Result<T, BoxError>) -> Refused {
    let error = result.expect_err("a refusal");
    *error.downcast().expect("a refusal, and no other error")
}

/// Lets the balancer's task do what there is to do.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
    settle().await;
}
