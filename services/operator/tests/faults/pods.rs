//! What pods answer who is asked through the API server.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use tower::{BoxError, Service};

use crate::{
    cluster::Cluster,
    world::{Gate, Kind, Verdict},
};

/// The API server, and the pods behind it.
#[derive(Clone)]
pub(crate) struct WithPods(pub(crate) Arc<Cluster>);

impl<B> Service<Request<B>> for WithPods
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<fake_apiserver::Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match request.uri().path().split_once("/proxy/") {
            Some((_, path)) => {
                let (status, body) = answer(&self.0, path);
                let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
                *response.status_mut() = status;
                async { Ok(response) }.boxed()
            }
            None => self.0.server.clone().call(request),
        }
    }
}

fn answer(cluster: &Cluster, path: &str) -> (StatusCode, String) {
    let since = cluster.began.elapsed();
    if path == "drain" {
        let left = u64::from(since.as_millis() % 3_000 < 1_000);
        return (
            StatusCode::OK,
            format!("{{\"connections\": {left}, \"in_flight\": 0, \"obligations\": {{}}}}"),
        );
    }
    let is_good = gate(cluster, path).is_some_and(|gate| gate.kind == Kind::Http && passes(gate, since));
    (if is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, String::new())
}

/// The gate that is called so.
pub(crate) fn gate(cluster: &Cluster, name: &str) -> Option<Gate> {
    let (stage, number) = name.split_once('-')?;
    let gates = if stage == "before" { &cluster.world.before } else { &cluster.world.after };
    gates.get(number.parse::<usize>().ok()?).copied()
}

/// Whether it passes that long after the beginning, at which nobody asks yet.
fn passes(gate: Gate, since: Duration) -> bool {
    matches!(gate.end, Verdict::Good(later) if since >= later * 2)
}
