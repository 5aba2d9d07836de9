//! The way to each service that is called, behind a circuit breaker: where calls would most likely fail nobody waits for them to.
//!
//! A breaker is of one peer at one address, and all calls of a client share it. What a caller is refused was not sent, so that it is safe to
//! try again; when that may be worth it is told, too.

use std::{
    collections::BTreeMap,
    error::Error as _,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task,
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{Response, uri::Authority},
};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use mesh::{
    BoxError, Refused,
    circuit_breaker::{Builder, CircuitBreaker, Handle, Policy, Reason, Snapshot, State, Transition},
    classify::{Http, Outcome},
};
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service, ServiceExt};

use super::{Connector, Error, Peer};
use crate::ids::Random;

/// More breakers than this a client does not make: addresses come from a configuration, and are few. What is called beyond it
/// is called without one.
const MOST: usize = 256;

/// Until when an answer is waited for: an extension of a request that is handed on by [`stream`](super::HttpClient::stream). One that
/// has not come by then counts against the callee; a caller who leaves earlier says nothing of it.
#[derive(Clone, Copy, Debug)]
pub struct Until(pub Instant);

/// The ways of one client. Clones share them.
#[derive(Clone)]
pub(crate) struct Ways(Arc<Shared>);

struct Shared {
    client: Timed,
    policy: Option<Policy>,
    classify: Classify,
    random: Random,
    ways: Mutex<BTreeMap<(&'static str, String), Way>>,
}

/// hyper's client behind a breaker.
type Guarded = CircuitBreaker<Timed, Classify>;
type Classify = Http<fn(&Away) -> Outcome>;

/// The way to one peer at one address.
#[derive(Clone)]
struct Way {
    service: Guarded,
    handle: Handle,
    last: Arc<Mutex<Last>>,
}

/// When a breaker changed last, and what became of it so far.
#[derive(Clone, Debug)]
struct Last {
    since: Instant,
    reason: &'static str,
    transitions: BTreeMap<(&'static str, &'static str), u64>,
}

/// A breaker at one moment, as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) peer: &'static str,
    pub(crate) target: String,
    pub(crate) breaker: Snapshot,
    /// How long it has been so.
    pub(crate) since: Duration,
    /// Why; nothing if it never changed.
    pub(crate) reason: &'static str,
    /// How often it came to be in a state, and why.
    pub(crate) transitions: BTreeMap<(&'static str, &'static str), u64>,
}

impl Ways {
    pub(super) fn new(
        client: Client<Connector, Body>,
        policy: Option<Policy>,
        classify: Http,
        random: Random,
    ) -> Self {
        let (ways, classify) = (Mutex::default(), classify.errors(Away::outcome as fn(&Away) -> Outcome));
        Self(Arc::new(Shared { client: Timed(client), policy, classify, random, ways }))
    }

    /// Makes a call, unless the breaker on its way is open. `what` is what errors call it.
    pub(super) async fn request(
        &self,
        peer: Peer,
        what: &str,
        request: Request,
    ) -> Result<Response<Incoming>, Error> {
        let answered = match self.way(peer, request.uri().authority()) {
            Some(way) => way.oneshot(request).await,
            None => self.0.client.clone().call(request).await.map_err(Into::into),
        };
        answered.map_err(|source| error(what, source))
    }

    /// What there is to see of each breaker, by peer and address.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let ways = self.ways().clone();
        let show = |((peer, target), way): ((&'static str, String), Way)| {
            let last = way.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (breaker, since) = (way.handle.snapshot(), last.since.elapsed());
            Shown { peer, target, breaker, since, reason: last.reason, transitions: last.transitions }
        };
        ways.into_iter().map(show).collect()
    }

    /// Whom nobody named has no breaker: it may be anybody.
    fn way(&self, peer: Peer, authority: Option<&Authority>) -> Option<Guarded> {
        if peer == Peer::default() {
            return None;
        }
        let key = (peer.0, authority?.to_string());
        let mut ways = self.ways();
        if let Some(way) = ways.get(&key) {
            return Some(way.service.clone());
        }
        if ways.len() >= MOST {
            return None;
        }
        let way = self.0.begin(key.0, &key.1)?;
        Some(ways.entry(key).or_insert(way).service.clone())
    }

    fn ways(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), Way>> {
        self.0.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Nothing without a policy, or if it is out of range, which an App that makes a client is told.
    fn begin(&self, peer: &'static str, target: &str) -> Option<Way> {
        // Shown from the start, so that the first time is an increase.
        let transitions =
            BTreeMap::from([((State::Open.label(), Reason::ConsecutiveFailures(0).label()), 0)]);
        let last = Last { since: Instant::now(), reason: "", transitions };
        let last = Arc::new(Mutex::new(last));
        let (noting, target) = (Arc::clone(&last), target.to_owned());
        let builder = Builder::new(self.policy.clone()?).seed(self.random.next_u64());
        let builder = builder.on_transition(move |change| {
            tell(peer, &target, change);
            noting.lock().unwrap_or_else(PoisonError::into_inner).note(change);
        });
        let layer = builder.build(self.classify.clone()).ok()?;
        Some(Way { service: layer.layer(self.client.clone()), handle: layer.handle(), last })
    }
}

impl Last {
    fn note(&mut self, change: &Transition) {
        let reason = change.reason.label();
        (self.since, self.reason) = (Instant::now(), reason);
        *self.transitions.entry((change.to.label(), reason)).or_default() += 1;
    }
}

fn tell(peer: &'static str, target: &str, change: &Transition) {
    let reason = change.reason.label();
    match change.to {
        State::Open => {
            let open_ms = change.open_for.unwrap_or_default().as_millis();
            tracing::warn!(peer, target, reason, open_ms, "the circuit to `{peer}` is open");
        }
        State::HalfOpen => tracing::debug!(peer, target, reason, "the circuit to `{peer}` is tried out"),
        State::Closed => tracing::info!(peer, target, reason, "the circuit to `{peer}` is closed again"),
    }
}

fn error(what: &str, source: BoxError) -> Error {
    let call = what.to_owned();
    match source.downcast::<Away>() {
        Ok(away) => match *away {
            Away::Client(source) => Error::of_client(call, source),
            Away::TooLate => Error::TimedOut { call, sent: true },
        },
        Err(source) => match source.downcast::<Refused>() {
            Ok(refused) => Error::Refused { call, retry_in: refused.retry_in(), source: *refused },
            Err(source) => Error::Broken { call, source },
        },
    }
}

impl fmt::Debug for Ways {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ways").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}

/// hyper's client, which waits no longer than the request says.
#[derive(Clone, Debug)]
struct Timed(Client<Connector, Body>);

/// There is no answer.
#[derive(Debug, thiserror::Error)]
enum Away {
    #[error(transparent)]
    Client(legacy::Error),
    #[error("no answer before the deadline")]
    TooLate,
}

impl Away {
    /// A request that broke off on our side says nothing of the callee.
    fn outcome(&self) -> Outcome {
        let Self::Client(error) = self else { return Outcome::Failure };
        let causes = std::iter::successors(error.source(), |&error| error.source());
        let is_ours = |error: &hyper::Error| error.is_user();
        let ours = causes.filter_map(|error| error.downcast_ref()).any(is_ours);
        if ours { Outcome::Cancelled } else { Outcome::Failure }
    }
}

impl Service<Request> for Timed {
    type Response = Response<Incoming>;
    type Error = Away;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Away>> + Send>>;

    /// Connections are looked for by each call.
    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Away>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let until = request.extensions().get().copied();
        let answered = self.0.request(request);
        Box::pin(async move {
            match until {
                None => answered.await.map_err(Away::Client),
                Some(Until(at)) => match timeout_at(at, answered).await {
                    Ok(answered) => answered.map_err(Away::Client),
                    Err(_) => Err(Away::TooLate),
                },
            }
        })
    }
}

#[cfg(test)]
mod tests;
