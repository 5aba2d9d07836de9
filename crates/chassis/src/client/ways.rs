//! The way to each service that is called: the layers of [`mesh::client`], a circuit breaker among them.
//!
//! The layers of one peer at one address are one client, which all calls share. What a caller is refused was not sent, so that it is safe to
//! try again; when that may be worth it is told, too.

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task,
};

use axum::{
    body::Body,
    extract::Request,
    http::{Response, uri::Authority},
};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use mesh::{
    BoxError, Refused, Why, deadline,
    stack::{self, BrokenOff, ClientLayer, ClientPolicy, Endpoint, Replay},
    telemetry::{Shown, Telemetry},
    timeout,
};
use tower::{Layer, Service, ServiceExt};

use super::{Connector, Error, Peer};
use crate::ids::Random;

/// More peers and addresses than this have no layers: addresses come from a configuration, and are few. What is called beyond it is called without any.
const MOST: usize = 256;

/// The ways of one client. Clones share them.
#[derive(Clone)]
pub(super) struct Ways(Arc<Shared>);

struct Shared {
    transport: Transport,
    policy: Option<ClientPolicy>,
    telemetry: Telemetry,
    random: Random,
    ways: Mutex<ByPeer>,
}

/// Ways by peer and address, each with what shows it.
type ByPeer = BTreeMap<(&'static str, String), (Way, Vec<Shown>)>;

/// hyper's client behind the layers of one peer at one address.
type Way = stack::Client<Endpoint<Transport>>;

impl Ways {
    /// Without a policy there are no layers. They are shown by `telemetry`.
    pub(super) fn new(
        client: Client<Connector, Replay<Body>>,
        policy: Option<ClientPolicy>,
        telemetry: Telemetry,
        random: Random,
    ) -> Self {
        let transport = Transport(client);
        Self(Arc::new(Shared { transport, policy, telemetry, random, ways: Mutex::default() }))
    }

    /// Makes a call, unless a layer on its way refuses it. `what` is what errors call it.
    pub(super) async fn request(
        &self,
        peer: Peer,
        what: &str,
        request: Request,
    ) -> Result<Response<Body>, Error> {
        let answered = match self.way(peer, request.uri().authority()) {
            Some(way) => way.oneshot(request).await.map(|answer| answer.map(Body::new)),
            None => self
                .0
                .transport
                .clone()
                .call(request.map(Replay::from))
                .await
                .map(|answer| answer.map(Body::new)),
        };
        answered.map_err(|source| error(what, source))
    }

    /// Whom nobody named has no layers: it may be anybody, and one breaker for all would judge each by the others.
    fn way(&self, peer: Peer, authority: Option<&Authority>) -> Option<Way> {
        if peer == Peer::default() {
            return None;
        }
        let key = (peer.0, authority?.to_string());
        let mut ways = self.ways();
        if let Some((way, _)) = ways.get(&key) {
            return Some(way.clone());
        }
        if ways.len() >= MOST {
            return None;
        }
        let begun = self.0.begin(key.0, &key.1)?;
        Some(ways.entry(key).or_insert(begun).0.clone())
    }

    fn ways(&self) -> MutexGuard<'_, ByPeer> {
        self.0.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Nothing without a policy, or if it is out of range, which an App that makes a client is told.
    fn begin(&self, peer: &'static str, target: &str) -> Option<(Way, Vec<Shown>)> {
        let layer = ClientLayer::seeded(self.policy.clone()?, peer, target, self.random.next_u64()).ok()?;
        let way = layer.layer(layer.endpoint().layer(self.transport.clone()));
        Some((way, layer.handle().show(&self.telemetry)))
    }
}

fn error(what: &str, source: BoxError) -> Error {
    let call = what.to_owned();
    let source = match source.downcast::<Refused>() {
        Ok(refused) if refused.why() == Why::OutOfTime => return Error::TimedOut { call, sent: false },
        Ok(refused) => return Error::Refused { call, source: *refused },
        Err(source) => source,
    };
    if source.is::<deadline::Exceeded>() || source.is::<timeout::Elapsed>() {
        return Error::TimedOut { call, sent: true };
    }
    let source = match source.downcast::<BrokenOff>() {
        Ok(broken_off) => broken_off.0,
        Err(source) => source,
    };
    match source.downcast::<legacy::Error>() {
        Ok(source) => Error::of_client(call, *source),
        Err(source) => Error::Broken { call, source },
    }
}

impl fmt::Debug for Ways {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ways").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}

/// hyper's client.
#[derive(Clone, Debug)]
struct Transport(Client<Connector, Replay<Body>>);

impl Service<axum::http::Request<Replay<Body>>> for Transport {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;

    /// Connections are looked for by each call.
    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), BoxError>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<Replay<Body>>) -> Self::Future {
        let answered = self.0.request(request);
        Box::pin(async move { answered.await.map_err(told_apart) })
    }
}

/// A request that broke off on our side says nothing of the callee.
fn told_apart(error: legacy::Error) -> BoxError {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let is_ours = |error: &hyper::Error| error.is_user();
    if causes.filter_map(|error| error.downcast_ref()).any(is_ours) {
        return BrokenOff(error.into()).into();
    }
    error.into()
}

#[cfg(test)]
mod tests;
