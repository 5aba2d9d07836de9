//! A layer that counts requests to the API server, each attempt of them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{Method, Request, Response, Uri};
use prometheus::IntCounterVec;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::debug;

/// Counts the requests of a client.
#[derive(Clone, Debug)]
pub struct RequestsLayer(IntCounterVec);

impl RequestsLayer {
    pub(super) fn new(counter: IntCounterVec) -> Self {
        Self(counter)
    }
}

impl<S> Layer<S> for RequestsLayer {
    type Service = Requests<S>;

    fn layer(&self, inner: S) -> Requests<S> {
        Requests { inner, counter: self.0.clone() }
    }
}

/// A client whose requests are counted.
#[derive(Clone, Debug)]
pub struct Requests<S> {
    inner: S,
    counter: IntCounterVec,
}

impl<S, B, R> Service<Request<B>> for Requests<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (verb, resource) = (verb(request.method(), request.uri()), resource(request.uri()));
        let path = request.uri().path().to_owned();
        let (counter, began) = (self.counter.clone(), Instant::now());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().map(Response::status);
            let code = code.as_ref().map_or("none", |code| code.as_str());
            counter.with_label_values(&[verb, resource, code]).inc();
            debug!(verb, path, code, took = ?began.elapsed(), "asked the API server");
            answer
        })
    }
}

/// The verb, as the API server's access rules have it; `proxy` is for pods that are asked through it.
fn verb(method: &Method, uri: &Uri) -> &'static str {
    let is_of_one = match below_the_namespace(uri.path()).as_slice() {
        [_, _, "proxy", ..] => return "proxy",
        [_, _, ..] => true,
        _ => false,
    };
    let watches = uri
        .query()
        .is_some_and(|query| query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1")));
    match method.as_str() {
        "GET" if watches => "watch",
        "GET" if is_of_one => "get",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "other",
    }
}

/// The resource, one of those that the operator has to do with, so that nothing in a path makes a series of its own.
fn resource(uri: &Uri) -> &'static str {
    const KNOWN: [&str; 11] = [
        "bluegreens",
        "cronjobs",
        "deployments",
        "endpointslices",
        "events",
        "horizontalpodautoscalers",
        "jobs",
        "leases",
        "pods",
        "replicasets",
        "services",
    ];
    let named = below_the_namespace(uri.path()).first().copied();
    KNOWN.into_iter().find(|known| Some(*known) == named).unwrap_or("other")
}

/// The resource, an object's name, and a subresource, as far as there are any.
fn below_the_namespace(path: &str) -> Vec<&str> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let resources = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => &[],
    };
    match resources {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest.to_vec(),
        all => all.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_that_of_the_access_rules() {
        let cases = [
            ("GET", "/apis/switchyard.dev/v1alpha1/bluegreens?watch=true&allowWatchBookmarks=true", "watch"),
            ("GET", "/apis/switchyard.dev/v1alpha1/bluegreens?limit=500", "list"),
            ("GET", "/api/v1/namespaces/shop/pods", "list"),
            ("GET", "/api/v1/namespaces", "list"),
            ("GET", "/api/v1/namespaces/shop", "get"),
            ("GET", "/api/v1/namespaces/shop/services/ordering", "get"),
            ("GET", "/api/v1/namespaces/shop/pods/http:a:8081/proxy/drain", "proxy"),
            ("PATCH", "/apis/switchyard.dev/v1alpha1/namespaces/shop/bluegreens/shop/status", "patch"),
            ("POST", "/apis/events.k8s.io/v1/namespaces/shop/events", "create"),
            ("PUT", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/operator", "update"),
            ("DELETE", "/apis/batch/v1/namespaces/shop/jobs/a", "delete"),
            ("OPTIONS", "/", "other"),
        ];
        for (method, uri, expected) in cases {
            let found = verb(&method.parse().unwrap(), &uri.parse().unwrap());
            assert_eq!(found, expected, "{method} {uri}");
        }
    }

    #[test]
    fn a_resource_is_one_that_is_known() {
        let cases = [
            ("/apis/switchyard.dev/v1alpha1/namespaces/shop/bluegreens/shop/status", "bluegreens"),
            ("/api/v1/pods?watch=true", "pods"),
            ("/apis/coordination.k8s.io/v1/namespaces/shop/leases/operator", "leases"),
            ("/api/v1/namespaces/shop/secrets/a", "other"),
            ("/readyz", "other"),
        ];
        for (uri, expected) in cases {
            assert_eq!(resource(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
