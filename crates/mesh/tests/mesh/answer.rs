//! Errors that become answers. Each test says what the caller saw, and whether the server was called.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use mesh::{
    BoxError, Refused, Why,
    answer::{Answer, AnswerLayer},
};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::server::{self, Server};

const WAIT: Option<Duration> = Some(Duration::from_millis(1_200));

fn request(grpc: bool) -> Request<()> {
    let builder = Request::builder();
    let builder = if grpc { builder.header("content-type", "application/grpc+proto") } else { builder };
    builder.body(()).expect("a request")
}

/// What a caller is answered where a stack ends with this error.
fn answer_of(layer: &AnswerLayer, grpc: bool, error: impl Into<BoxError>) -> Response<String> {
    let error = Mutex::new(Some(error.into()));
    let service = layer.layer(service_fn(move |_: Request<()>| {
        let error = error.lock().expect("nobody panics").take().expect("one call");
        async { Err::<Response<String>, BoxError>(error) }
    }));
    let Ok(response) = service.oneshot(request(grpc)).now_or_never().expect("an answer at once");
    assert_eq!(response.body(), "", "nothing of the error is told");
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("text"))
}

async fn elapsed() -> tokio::time::error::Elapsed {
    tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.expect_err("no time")
}

#[test]
fn a_refusal_is_503_with_retry_after_and_429_by_a_rate_limit() {
    for (why, status) in [
        (Why::CircuitOpen, 503),
        (Why::RateLimited, 429),
        (Why::LimitReached, 503),
        (Why::QueueFull, 503),
        (Why::QueuedTooLong, 503),
        (Why::Shed, 503),
        (Why::OutOfTime, 503),
        (Why::NoEndpoint, 503),
    ] {
        let response = answer_of(&AnswerLayer::new(), false, Refused::new(why, WAIT));
        assert_eq!(response.status().as_u16(), status, "{why:?}");
        assert_eq!(header(response.headers(), "retry-after"), Some("2"), "whole seconds, rounded up");
        assert_eq!(response.headers().len(), 1);
    }
    let silent = answer_of(&AnswerLayer::new(), false, Refused::new(Why::Shed, None));
    assert!(silent.headers().is_empty(), "when is not known");
}

#[test]
fn a_refusal_of_a_grpc_call_is_trailers_only_with_push_back() {
    for (why, code) in [
        (Why::CircuitOpen, "14"),
        (Why::RateLimited, "8"),
        (Why::LimitReached, "8"),
        (Why::QueueFull, "8"),
        (Why::QueuedTooLong, "14"),
        (Why::Shed, "8"),
        (Why::OutOfTime, "4"),
        (Why::NoEndpoint, "14"),
    ] {
        let response = answer_of(&AnswerLayer::new(), true, Refused::new(why, WAIT));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(response.headers(), "grpc-status"), Some(code), "{why:?}");
        assert_eq!(header(response.headers(), "grpc-retry-pushback-ms"), Some("1200"));
        assert_eq!(header(response.headers(), "content-type"), Some("application/grpc+proto"));
        assert_eq!(response.headers().len(), 3);
    }
    let short = Some(Duration::from_micros(1));
    let response = answer_of(&AnswerLayer::new(), true, Refused::new(Why::Shed, short));
    assert_eq!(header(response.headers(), "grpc-retry-pushback-ms"), Some("1"), "rounded up");
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_504_and_any_other_error_502() {
    let layer = AnswerLayer::new();
    assert_eq!(answer_of(&layer, false, elapsed().await).status(), 504);
    assert_eq!(answer_of(&layer, false, "a password was wrong").status(), 502);
    let code = |response: Response<String>| header(response.headers(), "grpc-status").map(str::to_owned);
    assert_eq!(code(answer_of(&layer, true, elapsed().await)).as_deref(), Some("4"));
    assert_eq!(code(answer_of(&layer, true, "a password was wrong")).as_deref(), Some("14"));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.refused, counts.timed_out, counts.failed), (0, 2, 2));
}

/// As `Buffer` passes its service's errors on.
#[derive(Debug)]
struct Wrapped(BoxError);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("calling the service")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

#[test]
fn what_a_transport_calls_a_time_out_is_one_too_also_beneath_other_errors() {
    let layer = AnswerLayer::new().time_outs(<dyn std::error::Error>::is::<std::fmt::Error>);
    assert_eq!(answer_of(&layer, false, std::fmt::Error).status(), 504);
    assert_eq!(answer_of(&layer, false, Wrapped(Box::new(std::fmt::Error))).status(), 504);
    assert_eq!(answer_of(&layer, false, "a password was wrong").status(), 502);
}

#[test]
fn a_refusal_is_found_beneath_other_errors() {
    let refused = Wrapped(Box::new(Wrapped(Refused::new(Why::RateLimited, None).into())));
    assert_eq!(answer_of(&AnswerLayer::new(), false, refused).status(), 429);
}

#[test]
fn the_observer_is_told_what_the_caller_is_not() {
    let told = Arc::new(Mutex::new(vec![]));
    let listener = Arc::clone(&told);
    let layer = AnswerLayer::new().on_error(move |error| {
        listener.lock().expect("nobody panics").push(error.to_string());
    });
    answer_of(&layer, false, "a password was wrong");
    answer_of(&layer, false, Refused::new(Why::Shed, None));
    assert_eq!(*told.lock().expect("nobody panics"), ["a password was wrong"]);
}

#[test]
fn the_reason_is_told_only_in_a_header_that_was_set() {
    let layer = AnswerLayer::new().reason_in(HeaderName::from_static("x-refused"));
    for grpc in [false, true] {
        let refused = answer_of(&layer, grpc, Refused::new(Why::QueueFull, None));
        assert_eq!(header(refused.headers(), "x-refused"), Some("queue_full"));
        assert_eq!(header(answer_of(&layer, grpc, "x").headers(), "x-refused"), Some("failed"));
    }
}

fn cannot_err<S: Service<Request<()>, Error = Infallible>>(service: S) -> S {
    service
}

#[tokio::test]
async fn an_answer_of_the_service_is_passed_on_and_a_service_that_fails_to_be_ready_answers_too() {
    let server = Server::default();
    let mut service: Answer<Server> = cannot_err(AnswerLayer::new().layer(server.clone()));
    server.will([server::Answer::Status(418), server::Answer::Breaks]);
    let mut call = async || {
        let Ok(ready) = ServiceExt::<Request<()>>::ready(&mut service).await;
        let Ok(response) = ready.call(request(false)).await;
        response.status().as_u16()
    };
    assert_eq!(call().await, 418);
    assert_eq!(call().await, 502);
    assert_eq!(server.calls(), 2);
    server.is_broken(true);
    assert_eq!(call().await, 502);
    assert_eq!(server.calls(), 2, "it was not called");
    server.is_broken(false);
    assert_eq!(call().await, 200);
}

/// axum takes only services that cannot err, in front of its own body.
#[tokio::test]
async fn axum_takes_it() {
    async fn hello() -> &'static str {
        "hello"
    }
    let errs = tower::layer::layer_fn(|inner: axum::routing::Route| {
        service_fn(move |request: axum::extract::Request| {
            let inner = inner.clone();
            async move {
                match request.uri().path() {
                    "/shed" => Err(BoxError::from(Refused::new(Why::Shed, WAIT))),
                    _ => inner.oneshot(request).await.map_err(BoxError::from),
                }
            }
        })
    });
    let route = axum::routing::get(hello);
    let router =
        axum::Router::new().route("/", route.clone()).route("/shed", route).layer((AnswerLayer::new(), errs));
    let get = async |path: &str| {
        let request = Request::get(path).body(axum::body::Body::empty()).expect("a request");
        let Ok(response) = router.clone().oneshot(request).await;
        response.status().as_u16()
    };
    assert_eq!((get("/").await, get("/shed").await), (200, 503));
}
