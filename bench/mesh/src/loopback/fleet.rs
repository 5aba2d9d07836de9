//! Three servers, and a client of them: all layers, over connections that are kept.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use mesh::{
    BoxError,
    balance::{self, Balance, Change, Event},
    circuit_breaker::State,
    classify::Http,
    discovery::{self, Endpoint},
    stack::{self, ClientHandle, ClientLayer, ClientPolicy, Replay},
};
use tokio::time::Instant;
use tower::{Layer, Service};

use super::upstream::Upstream;
use crate::Failure;

/// A service that is three servers.
pub(super) struct Fleet {
    pub(super) upstreams: Vec<Upstream>,
    pub(super) service: Stack,
    pub(super) handle: ClientHandle,
    log: Arc<Mutex<Vec<Changed>>>,
    _source: discovery::Source,
}

/// An endpoint's breaker that has changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed {
    pub(super) at: Instant,
    pub(super) address: SocketAddr,
    pub(super) to: State,
    /// For how long it is open.
    pub(super) open_for: Duration,
}

pub(super) type Stack = stack::Client<Balance<Try, Http>>;
type Try = stack::Endpoint<Dial>;

impl Fleet {
    /// Of which the client knows the first `known`, each of which works on so many requests at a time.
    pub(super) async fn start(
        known: usize,
        places: u32,
        policy: ClientPolicy,
        pool: balance::Policy,
    ) -> Result<Self, Failure> {
        let mut upstreams = vec![];
        for _ in 0..3 {
            upstreams.push(Upstream::start(places).await?);
        }
        let source = discovery::fixed(upstreams.iter().take(known).map(|it| Endpoint::new(it.address)));
        let layer = ClientLayer::named(policy, "orders", "loopback")?;
        let (endpoint, dials) = (layer.endpoint(), Client::builder(TokioExecutor::new()).build_http());
        let log: Arc<Mutex<Vec<_>>> = Arc::default();
        let noted = Arc::clone(&log);
        let balance = balance::Builder::new(pool).on_change(move |event| {
            if let Event { address: Some(address), change: Change::Breaker(it), .. } = *event {
                let open_for = it.open_for.unwrap_or_default();
                let changed = Changed { at: Instant::now(), address, to: it.to, open_for };
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(changed);
            }
        });
        let connect =
            move |it: &Endpoint| endpoint.layer(Dial { client: dials.clone(), address: it.address });
        let balance = balance.build(source.endpoints(), Http::new(), connect)?;
        let (service, handle) = (layer.layer(balance), layer.handle());
        Ok(Self { upstreams, service, handle, log, _source: source })
    }

    /// Every change of an endpoint's breaker so far.
    pub(super) fn changes(&self) -> Vec<Changed> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often the servers were asked since then.
    pub(super) fn asked_since(&self, then: Instant) -> usize {
        self.upstreams.iter().flat_map(Upstream::asked).filter(|asked| asked.at > then).count()
    }
}

/// The transport of one endpoint.
#[derive(Clone)]
pub(super) struct Dial {
    client: Client<HttpConnector, Replay<Empty<Bytes>>>,
    address: SocketAddr,
}

impl Service<Request<Replay<Empty<Bytes>>>> for Dial {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Replay<Empty<Bytes>>>) -> Self::Future {
        let (client, address) = (self.client.clone(), self.address);
        Box::pin(async move {
            let uri = Uri::builder().scheme("http").authority(address.to_string());
            *request.uri_mut() = uri.path_and_query(request.uri().path()).build()?;
            Ok(client.request(request).await?)
        })
    }
}
