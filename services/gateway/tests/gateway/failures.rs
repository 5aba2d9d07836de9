use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::Method,
    response::Response as Answer,
    routing::{any, get},
};
use chassis::client::{Call, Error, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;

use crate::rig::{Owners, Rig, refusal};

fn ordering(router: Option<Router>) -> Rig {
    Rig::of(Owners { ordering: router, ..Owners::mirrors("rest") })
}

fn silent() -> Option<Router> {
    Some(Router::new().fallback(any(async || std::future::pending::<()>().await)))
}

/// Hears every request, and closes the connection instead of answering.
fn hanging_up() -> Option<Router> {
    let hang_up = async || Answer::new(Body::from_stream(stream::iter([broken()])));
    Some(Router::new().fallback(any(hang_up)))
}

fn broken() -> io::Result<Vec<u8>> {
    Err(io::Error::other("broken"))
}

fn detail(answer: &Response) -> String {
    answer.problem().unwrap().detail
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_away_is_503_and_the_others_answer() {
    let rig = ordering(None);
    for (method, path) in [("GET", "/v1/orders"), ("POST", "/v1/orders"), ("GET", "/v1/orders/7/events")] {
        let answer = rig.send(method.parse().unwrap(), path, &[], "").await;
        assert_eq!(refusal(&answer), (503, "UNAVAILABLE".into()), "{method} {path}");
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(!detail(&answer).contains("127.0.0.1"));
    }
    assert_eq!(rig.get("/v1/customers").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_too_late_is_504_at_the_deadline() {
    let rig = ordering(silent());
    let began = Instant::now();
    let answer = rig.send(Method::GET, "/v1/orders", &[("x-request-timeout-ms", "300")], "").await;
    assert_eq!(refusal(&answer), (504, "DEADLINE_EXCEEDED".into()));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_too_late_may_have_been_done_and_the_answer_says_so() {
    let rig = ordering(silent());
    let deadline = ("x-request-timeout-ms", "300");
    let keyed = rig.send(Method::POST, "/v1/orders", &[deadline, ("idempotency-key", "k")], "{}").await;
    assert_eq!(refusal(&keyed), (503, "OUTCOME_UNKNOWN".into()));
    assert!(detail(&keyed).contains("with the same Idempotency-Key"), "{}", detail(&keyed));
    assert_eq!(keyed.headers["retry-after"], "1");

    let keyless = rig.send(Method::POST, "/v1/orders", &[deadline], "{}").await;
    assert_eq!(refusal(&keyless), (503, "OUTCOME_UNKNOWN".into()));
    assert!(detail(&keyless).contains("Look before"), "{}", detail(&keyless));
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_nobody_is_waited_for_without_end() {
    let rig = ordering(silent());
    let call = Call::get(rig.at("/v1/orders")).within(Duration::from_secs(60));
    let answer = rig.client.send(call).await.unwrap();
    assert_eq!(refusal(&answer), (504, "DEADLINE_EXCEEDED".into()));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_504_and_nobody_is_asked() {
    let unasked = any(async || unreachable!("the owner was asked") as String);
    let rig = ordering(Some(Router::new().fallback(unasked)));
    let answer = rig.send(Method::POST, "/v1/orders", &[("x-request-timeout-ms", "0")], "{}").await;
    assert_eq!(refusal(&answer), (504, "DEADLINE_EXCEEDED".into()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_too_slowly_is_504_and_nobody_is_asked() {
    let unasked = any(async || unreachable!("the owner was asked") as String);
    let rig = ordering(Some(Router::new().fallback(unasked)));
    let stuck = Body::from_stream(stream::pending::<io::Result<Vec<u8>>>());
    let request = Request::post(rig.at("/v1/orders")).header("x-request-timeout-ms", "300").body(stuck);
    assert_eq!(rig.client.stream(request.unwrap()).await.unwrap().status(), 504);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_hangs_up_has_not_read_and_may_have_done() {
    let rig = ordering(hanging_up());
    assert_eq!(refusal(&rig.get("/v1/orders").await), (503, "UNAVAILABLE".into()));
    for (method, path) in [("POST", "/v1/orders"), ("PUT", "/v1/orders/7/items/TEA")] {
        let answer = rig.send(method.parse().unwrap(), path, &[], "{}").await;
        assert_eq!(refusal(&answer), (503, "OUTCOME_UNKNOWN".into()), "{method} {path}");
    }
}

/// Answers with half of a body, and `rest`.
async fn ask_for_half(
    rest: impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static,
) -> Result<Response, Error> {
    let body = Body::from_stream(stream::iter([Ok(b"half".to_vec())]).chain(rest));
    let body = Arc::new(Mutex::new(Some(body)));
    let half = get(async move || Answer::new(body.lock().unwrap().take().unwrap()));
    let rig = ordering(Some(Router::new().route("/v1/orders", half)));
    rig.client.send(Call::get(rig.at("/v1/orders")).within(Duration::from_secs(120))).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_never_taken_for_a_whole_one() {
    let later = async || {
        tokio::time::sleep(Duration::from_millis(10)).await;
        broken()
    };
    let error = ask_for_half(stream::once(later())).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stops_half_way_is_given_up_at_the_deadline() {
    let began = Instant::now();
    let error = ask_for_half(stream::pending()).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
