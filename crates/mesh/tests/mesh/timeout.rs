//! A time-out of each try, under a paused clock.

mod bodies;
mod breaker;

use std::{convert::Infallible, time::Duration};

use futures_util::FutureExt;
use http::{Request, Response};
use mesh::{
    BoxError,
    answer::AnswerLayer,
    circuit_breaker::{CircuitBreakerLayer, Policy as BreakerPolicy, State},
    classify::{Grpc, Http},
    deadline::{ClientLayer, ClientPolicy, Deadline, Exceeded},
    timeout::{Elapsed, Part, Policy, TimeoutLayer},
};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{
    allocations::allocations,
    server::{Answer, Server},
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn layer(policy: Policy) -> TimeoutLayer {
    TimeoutLayer::new(policy).expect("a policy in its ranges")
}

fn of_a_second() -> TimeoutLayer {
    layer(Policy { headers: SECOND, whole: None })
}

fn server(answers: impl IntoIterator<Item = Answer>) -> Server {
    let server = Server::default();
    server.will(answers);
    server
}

fn elapsed<T>(result: Result<T, BoxError>) -> Elapsed {
    *result.err().expect("an error").downcast_ref().expect("a time-out")
}

#[tokio::test(start_paused = true)]
async fn a_try_that_takes_too_long_ends() {
    let (begun, layer) = (Instant::now(), of_a_second());
    let server = server([Answer::Never]);
    let elapsed = elapsed(layer.layer(server.clone()).oneshot(Request::new(())).await);
    assert_eq!((elapsed.after(), elapsed.part()), (SECOND, Part::Headers));
    assert_eq!((begun.elapsed(), server.calls()), (SECOND, 1));
    assert_eq!(layer.handle().snapshot().headers, 1);
    assert_eq!(elapsed.to_string(), "no answer within 1s");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_in_time_goes_before_the_time_out() {
    let layer = of_a_second();
    let server = server([Answer::After(SECOND, 200), Answer::After(MILLISECOND, 503)]);
    let mut service = layer.layer(server);
    for status in [200, 503] {
        let response = service.ready().await.expect("ready").call(Request::new(())).await;
        assert_eq!(response.expect("an answer").status(), status);
    }
    assert_eq!(layer.handle().snapshot().headers, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_service_errs_with_is_passed_on() {
    let error = of_a_second().layer(server([Answer::Breaks])).oneshot(Request::new(())).await;
    assert_eq!(error.expect_err("an error").to_string(), "the connection broke");
}

/// No runtime: a timer that was armed would panic.
#[test]
fn a_service_that_answers_at_once_costs_no_timer_and_no_memory() {
    let mut service = of_a_second()
        .layer(service_fn(|_: Request<()>| std::future::ready(Ok::<_, Infallible>(Response::new(())))));
    let (count, response) = allocations(|| service.call(Request::new(())).now_or_never().expect("at once"));
    assert!(response.is_ok());
    assert_eq!(count, 0);
}

#[tokio::test(start_paused = true)]
async fn the_timer_is_part_of_the_call_and_takes_no_memory_of_its_own() {
    let mut service = of_a_second()
        .layer(service_fn(|_: Request<()>| std::future::pending::<Result<Response<()>, Infallible>>()));
    let mut call = std::pin::pin!(service.call(Request::new(())));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let (count, polled) = allocations(|| call.as_mut().poll(&mut context));
    assert!(polled.is_pending());
    assert_eq!(count, 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_counts_from_when_the_call_is_first_pending() {
    let begun = Instant::now();
    let call = of_a_second().layer(server([Answer::Never])).oneshot(Request::new(()));
    tokio::time::sleep(SECOND).await;
    elapsed(call.await);
    assert_eq!(begun.elapsed(), SECOND * 2);
}

#[tokio::test(start_paused = true)]
async fn who_asked_gets_504() {
    let Ok(response) = AnswerLayer::new()
        .layer(of_a_second().layer(server([Answer::Never])))
        .oneshot(Request::new(()))
        .await;
    assert_eq!(response.status(), 504);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_call_ends_a_try_with_its_own_error() {
    let (begun, layer) = (Instant::now(), of_a_second());
    let mut request = Request::new(());
    request.extensions_mut().insert(Deadline::after(MILLISECOND * 300));
    let error = layer.layer(server([Answer::Never])).oneshot(request).await.expect_err("an error");
    assert!(error.is::<Exceeded>());
    assert_eq!(begun.elapsed(), MILLISECOND * 300);
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.headers, snapshot.deadline), (0, 1));
}

#[test]
fn wrong_policies_name_every_field() {
    let invalid = TimeoutLayer::new(Policy { headers: Duration::ZERO, whole: Some(SECOND * 90_000) });
    let problems = invalid.expect_err("two fields").problems().to_vec();
    assert_eq!(problems, ["`headers`: 1 ms to 1 h", "`whole`: `headers` to 24 h"]);
    let shorter = Policy { headers: SECOND, whole: Some(MILLISECOND) };
    assert_eq!(shorter.validate().expect_err("one field").problems(), ["`whole`: `headers` to 24 h"]);
}

#[test]
fn a_policy_is_read_and_written() {
    let read = |text| serde_json::from_str::<Policy>(text).expect("a policy");
    assert_eq!(read("{}"), Policy::default());
    assert_eq!(read(r#"{"whole": null, "headers": "1s"}"#), Policy { headers: SECOND, whole: None });
    let policy = Policy { headers: MILLISECOND * 250, whole: Some(SECOND * 2) };
    let text = serde_json::to_string(&policy).expect("text");
    assert_eq!(text, r#"{"headers":"250ms","whole":"2s"}"#);
    assert_eq!(read(&text), policy);
    let wrong = serde_json::from_str::<Policy>(r#"{"whole": "soon"}"#).expect_err("no duration");
    assert!(wrong.to_string().contains("`soon` is no duration"));
}
