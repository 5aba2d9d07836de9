//! How often a call asks for memory, beyond what its request and its answer do.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use mesh::{
    BoxError,
    stack::{ClientPolicy, ServerPolicy, client, server},
};
use tower::{Layer, Service, service_fn};

use super::retrying;
use crate::allocations::allocations;

/// A call of a request without room for one header more, once whatever is made once has been made.
fn of_a_call<S: Service<Request<Full<Bytes>>>>(mut service: S) -> usize {
    let request = (0..8).fold(Request::get("http://orders/orders/7"), |request, number| {
        request.header(format!("x-header-{number}"), "a value of some length")
    });
    let request = request.body(Full::default()).expect("a request");
    let mut call = || {
        let request = request.clone();
        let (asked, answer) = allocations(|| service.call(request).now_or_never());
        assert!(answer.is_some_and(|answer| answer.is_ok()));
        asked
    };
    call();
    call()
}

fn of_a_client(policy: ClientPolicy) -> usize {
    let stack = client(policy).expect("a policy in its ranges");
    let transport =
        service_fn(async |_: Request<_>| Ok::<_, BoxError>(Response::new(Full::<Bytes>::default())));
    of_a_call(stack.layer(stack.endpoint().layer(transport)))
}

/// For its future, for the value of the header that says what it has left, and for a place for that among the others.
#[test]
fn a_call_of_a_client_asks_three_times() {
    assert_eq!(of_a_client(ClientPolicy::default()), 3);
}

/// Twice for its headers.
#[test]
fn the_clone_that_is_kept_for_another_try_asks_twice_more() {
    assert_eq!(of_a_client(ClientPolicy { attempts: retrying(3), ..ClientPolicy::default() }), 5);
}

/// For its future, and three times for the deadline among the extensions of the request.
#[test]
fn a_call_of_a_server_asks_four_times() {
    let routes =
        service_fn(async |_: Request<_>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    assert_eq!(of_a_call(server(ServerPolicy::default()).expect("a policy in its ranges").layer(routes)), 4);
}
