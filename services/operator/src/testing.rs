//! Servers and clients for tests.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::Router;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::pods::Pod;

/// Serves on a free port of loopback until the test's runtime ends.
pub(crate) fn serve(router: Router) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A port where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A pod whose port `admin` is there.
pub(crate) fn pod(name: &str, address: SocketAddr) -> Pod {
    Pod {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        ip: Some(address.ip()),
        ports: BTreeMap::from([("admin".to_owned(), address.port())]),
    }
}

/// What was asked of a [`client`]: method, path and query, and body.
pub(crate) type Asked = Arc<Mutex<Vec<(Method, String, Value)>>>;

/// A client of an API server that answers by this function, and what it was asked.
pub(crate) fn client(
    answer: impl Fn(&Method, &str, &Value) -> (StatusCode, Value) + Send + Sync + 'static,
) -> (Client, Asked) {
    let asked = Asked::default();
    let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
            let (status, answer) = answer(&head.method, &path, &body);
            noted.lock().unwrap().push((head.method, path, body));
            let answer = Body::from(serde_json::to_vec(&answer).unwrap());
            Ok::<_, tower::BoxError>(Response::builder().status(status).body(answer).unwrap())
        }
    });
    (Client::new(service, "default"), asked)
}

/// An API server's refusal.
pub(crate) fn refusal(status: StatusCode, reason: &str, message: &str) -> (StatusCode, Value) {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": status.as_u16(),
    });
    (status, body)
}

/// An API server that knows nothing.
pub(crate) fn nothing() -> Client {
    client(|_, path, _| refusal(StatusCode::NOT_FOUND, "NotFound", path)).0
}
