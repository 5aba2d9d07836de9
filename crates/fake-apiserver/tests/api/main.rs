//! The fake server, as clients of kube see it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail by panicking, as tests do")]

mod controlling;
mod failing;
mod reading;
mod replay;
mod rights;
mod watching;
mod writing;

use fake_apiserver::Server;
use http::{Method, Request};
use k8s_openapi::jiff::Timestamp;
use kube::client::Body;
use serde_json::Value;

fn server() -> Server {
    Server::starting_at(Timestamp::UNIX_EPOCH)
}

/// Sends a request, and answers with its code and its object.
async fn ask(server: &Server, method: Method, path: &str, body: Value) -> (u16, Value) {
    let bytes = if body.is_null() { vec![] } else { serde_json::to_vec(&body).unwrap() };
    let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .header("user-agent", "test/1");
    let answer = server.client("shop").send(request.body(Body::from(bytes)).unwrap()).await.unwrap();
    let code = answer.status().as_u16();
    let bytes = answer.into_body().collect_bytes().await.unwrap();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(server: &Server, path: &str) -> (u16, Value) {
    ask(server, Method::GET, path, Value::Null).await
}
