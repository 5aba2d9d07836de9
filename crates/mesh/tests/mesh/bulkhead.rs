//! Bulkheads in front of a server. Each test says what the caller saw, and whether the server was called.

use std::time::Duration;

use futures_util::FutureExt;
use http::{Request, Response};
use mesh::{
    BoxError, Refused, Why,
    bulkhead::{Bulkhead, BulkheadLayer, Handle, Policy},
};
use tower::{Layer, Service, ServiceExt};

use crate::server::{Answer, Server};

type Key = fn(&Request<()>) -> Option<String>;
type Layers = BulkheadLayer<String, Key>;

fn tenant(request: &Request<()>) -> Option<String> {
    Some(request.headers().get("tenant")?.to_str().ok()?.to_owned())
}

fn of(tenant: &str) -> Request<()> {
    Request::builder().header("tenant", tenant).body(()).expect("a request")
}

fn stage(limit: u32, keys: u32) -> (Server, Layers, Handle<String>) {
    let policy = Policy { limit, keys, ..Policy::default() };
    let layer = Layers::new(policy, tenant).expect("a policy in its ranges");
    let handle = layer.handle();
    (Server::default(), layer, handle)
}

/// A call that the server never answers, or why there is none.
fn begins(
    server: &Server,
    service: &Bulkhead<Server, String, Key>,
    request: Request<()>,
) -> Result<impl Future<Output = Result<Response<()>, BoxError>> + use<>, Refused> {
    server.will([Answer::Never]);
    let mut call = Box::pin(service.clone().oneshot(request));
    match (&mut call).now_or_never() {
        None => Ok(call),
        Some(result) => Err(*result.expect_err("no answer").downcast().expect("a refusal")),
    }
}

#[test]
fn a_key_that_is_stuck_takes_no_room_of_others() {
    let (server, layer, handle) = stage(2, 10);
    let service = layer.layer(server.clone());
    let _stuck = [begins(&server, &service, of("a")), begins(&server, &service, of("a"))];
    let refused = begins(&server, &service, of("a")).err().expect("a third");
    assert_eq!((refused.why(), refused.retry_in()), (Why::LimitReached, Some(Duration::from_secs(1))));
    assert_eq!(server.calls(), 2, "it was not called");
    assert!(begins(&server, &service, of("b")).is_ok());
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.keys, snapshot.refused), (1, 1), "that of b was dropped at once");
}

/// apollo's router#6148: a limit for each connection is none.
#[test]
fn the_compartments_are_those_of_all_connections() {
    let (server, layer, _) = stage(1, 10);
    let connections = [layer.layer(server.clone()), layer.clone().layer(server.clone())];
    let _stuck = begins(&server, &connections[0], of("a")).expect("room");
    assert!(begins(&server, &connections[1], of("a")).is_err());
}

#[test]
fn a_key_without_calls_is_forgotten() {
    let (server, layer, handle) = stage(1, 10);
    let service = layer.layer(server.clone());
    for tenant in 0..1_000 {
        let call = begins(&server, &service, of(&tenant.to_string()));
        assert!(call.is_ok());
        assert_eq!(handle.snapshot().keys, 1);
    }
    assert_eq!(handle.snapshot().keys, 0);
    assert_eq!(handle.snapshot().shared, 0);
}

#[test]
fn keys_beyond_the_bound_share_a_compartment() {
    let (server, layer, handle) = stage(2, 1);
    let service = layer.layer(server.clone());
    let first = begins(&server, &service, of("a")).ok();
    let others = [begins(&server, &service, of("b")).ok(), begins(&server, &service, of("c")).ok()];
    assert!(others.iter().all(Option::is_some));
    assert!(begins(&server, &service, of("d")).is_err());
    assert_eq!((handle.snapshot().keys, handle.snapshot().shared), (1, 3));
    drop(first);
    assert!(begins(&server, &service, of("d")).is_ok(), "there is room for another key");
    drop(others);
    let _b = begins(&server, &service, of("b")).ok();
    assert_eq!((handle.snapshot().keys, handle.snapshot().shared), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn an_answer_an_error_and_a_caller_who_leaves_give_the_room_back() {
    let (server, layer, handle) = stage(1, 1);
    let mut service = layer.layer(server.clone());
    server.will([Answer::Status(500), Answer::Breaks]);
    assert_eq!(service.ready().await.expect("ready").call(of("a")).await.expect("an answer").status(), 500);
    service.ready().await.expect("ready").call(of("a")).await.expect_err("its error");
    assert!(begins(&server, &service, of("a")).is_ok());
    drop(service.call(of("a")));
    assert_eq!(handle.snapshot().keys, 0);
    assert_eq!(service.ready().await.expect("ready").call(of("a")).await.expect("an answer").status(), 200);
}

#[test]
fn a_call_without_a_key_is_let_through() {
    let (server, layer, handle) = stage(1, 1);
    let service = layer.layer(server.clone());
    let _calls: Vec<_> = (0..5).map(|_| begins(&server, &service, Request::new(())).ok()).collect();
    assert_eq!((server.calls(), handle.snapshot().keys), (5, 0));
}

#[test]
fn a_wrong_policy_names_every_field() {
    let policy = Policy { limit: 0, keys: 0, retry_after: Duration::from_secs(3601) };
    let invalid = Layers::new(policy, tenant).expect_err("three fields");
    let fields = ["`limit`: 1 to 1,000,000", "`keys`: 1 to 1,000,000", "`retry_after`: up to 1 h"];
    assert_eq!(invalid.problems(), fields);
}
