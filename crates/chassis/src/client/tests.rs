use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Request},
    http::{HeaderMap, StatusCode},
    routing::{any, get},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Call, Error, HttpClient, Options, Peer};
use crate::{
    context::Context,
    ids::Random,
    problem::Problem,
    testing::{Rig, platform, refusal, serve, serve_on},
};

/// Answers what it was sent.
fn mirror() -> Rig {
    let mirror = async |OriginalUri(uri): OriginalUri, headers: HeaderMap, request: Request| {
        let method = request.method().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| (name.to_string(), Value::String(text(value)))).collect();
        let body = String::from_utf8_lossy(&body).into_owned();
        axum::Json(json!({"method": method, "path": uri.path(), "headers": headers, "body": body}))
    };
    serve(Router::new().fallback(any(mirror)))
}

fn context() -> Context {
    Context::background("alice", &Random::seeded(1))
}

#[tokio::test]
async fn json_goes_out_and_comes_back() {
    let rig = mirror();
    let url = rig.at("/orders");
    let body = json!({"quantity": 2});
    let sent = [
        rig.client.post_json(&context(), &url, &body).await.unwrap(),
        rig.client.put_json(&context(), &url, &body).await.unwrap(),
        rig.client.patch_json(&context(), &url, &body).await.unwrap(),
    ];
    for (answer, method) in sent.iter().zip(["POST", "PUT", "PATCH"]) {
        let seen: Value = answer.json().unwrap();
        assert_eq!((&seen["method"], &seen["path"]), (&json!(method), &json!("/orders")));
        assert_eq!(seen["body"], body.to_string());
        assert_eq!(seen["headers"]["content-type"], "application/json");
    }
    for (answer, method) in [
        (rig.client.get_json(&context(), &url).await.unwrap(), "GET"),
        (rig.client.delete(&context(), &url).await.unwrap(), "DELETE"),
    ] {
        assert_eq!(answer.json::<Value>().unwrap()["method"], method);
    }
}

#[tokio::test]
async fn the_context_goes_along_with_less_time_than_is_left() {
    let rig = mirror();
    let context = Context { deadline: Some(Instant::now() + Duration::from_secs(2)), ..context() };
    let context = context.with_idempotency_key(Some("k1".into()));
    let answer = rig.client.get_json(&context, &rig.at("/")).await.unwrap();
    let headers = &answer.json::<Value>().unwrap()["headers"];
    assert_eq!((&headers["x-actor"], &headers["idempotency-key"]), (&json!("alice"), &json!("k1")));
    let parent = headers["traceparent"].as_str().unwrap();
    assert_eq!(parent, context.trace.to_string(), "what nobody records is where the caller is");
    let left: u64 = headers["x-request-timeout-ms"].as_str().unwrap().parse().unwrap();
    assert!((1..=1900).contains(&left), "{left}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_surely_not_acted_on() {
    let rig = mirror();
    let error = rig.client.send(Call::get("http://127.0.0.1:1/")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && !error.was_sent(), "{error:?}");
    assert_eq!(error.to_string(), "connecting for GET http://127.0.0.1:1/");
}

#[tokio::test]
async fn no_answer_in_time_may_have_been_acted_on() {
    let rig = serve(Router::new().route("/", get(async || std::future::pending::<()>().await)));
    let call = Call::get(rig.at("/")).within(Duration::from_millis(20));
    let error = rig.client.send(call).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { sent: true, .. }), "{error:?}");
}

#[tokio::test]
async fn a_deadline_that_has_passed_sends_nothing() {
    let rig = mirror();
    let context = Context { deadline: Some(Instant::now()), ..context() };
    let error = rig.client.get_json(&context, &rig.at("/")).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { sent: false, .. }) && !error.was_sent());
    assert!(!rig.metrics().contains("_seconds_count"));
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_an_error() {
    let rig = serve(Router::new().route("/", get(async || "x".repeat(1025))));
    let options = Options { max_body: 1024, ..Options::default() };
    let client = HttpClient { options, ..rig.client.clone() };
    let error = client.send(Call::get(rig.at("/"))).await.unwrap_err();
    assert!(matches!(error, Error::BodyTooLarge { limit: 1024, .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_of_another_shape_says_which_call_it_was_to() {
    let rig = serve(Router::new().route("/", get(async || "not json")));
    let error = rig.get("/").await.json::<Value>().unwrap_err();
    assert_eq!(error.to_string(), format!("understanding the answer to GET {}", rig.at("/")));
}

#[tokio::test]
async fn a_problem_can_be_read_and_handed_on() {
    let rig = serve(Router::new().route("/", get(async || Problem::conflict("ORDER_LOCKED", "Locked."))));
    let problem = Problem::from(rig.get("/").await.problem().unwrap());
    assert_eq!((problem.status(), problem.code()), (StatusCode::CONFLICT, "ORDER_LOCKED"));
}

#[tokio::test]
async fn a_malformed_url_and_another_scheme_are_refused() {
    let rig = mirror();
    let error = rig.client.send(Call::get("http://a b/")).await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    let error = rig.client.send(Call::get("https://127.0.0.1:1/")).await.unwrap_err();
    assert!(!error.was_sent(), "{error:?}");
}

#[tokio::test]
async fn a_streamed_answer_comes_as_it_is_made() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<&'static str, std::io::Error>>(1);
    let body =
        futures_util::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let body = Arc::new(Mutex::new(Some(Body::from_stream(body))));
    let answer = get(async move || body.lock().unwrap().take().unwrap_or_default());
    let rig = serve(Router::new().route("/", answer));
    let request = Request::get(rig.at("/")).body(Body::empty()).unwrap();
    let mut answer = rig.client.stream(request).await.unwrap().into_body();
    for part in ["one", "two"] {
        sender.send(Ok(part)).await.unwrap();
        let frame = answer.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), part);
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn connections_are_kept_for_the_next_call() {
    let platform = platform();
    let mut listener = platform.network.listen(crate::testing::ANY_PORT).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let connections = tokio::spawn(async move {
        let (stream, _) = listener.accept().await;
        drop(listener); // a second connection would be refused
        let ok = hyper::service::service_fn(async |_| {
            Ok::<_, std::convert::Infallible>(hyper::Response::new(Body::empty()))
        });
        let stream = hyper_util::rt::TokioIo::new(stream);
        hyper::server::conn::http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(stream, ok)
            .await
    });
    let client = HttpClient::new(&platform, Options::default());
    for _ in 0..3 {
        assert_eq!(client.send(Call::get(url.as_str())).await.unwrap().status, 200);
        tokio::task::yield_now().await; // lets the connection return to the pool
    }
    drop(client);
    connections.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_handed_on_whose_body_is_too_large_is_413_and_a_callee_that_is_away_is_503() {
    let back = serve(Router::new().fallback(any(async |body: axum::body::Bytes| body.len().to_string())));
    let (client, url) = (back.client.clone(), back.at("/"));
    let hand_on = async move |request: Request| {
        let (head, body) = request.into_parts();
        let url = if head.uri.path() == "/away" { "http://127.0.0.1:1/" } else { &url };
        let request = Request::post(url).body(body).unwrap();
        client.stream(request).await.map_err(Problem::from)
    };
    let front = serve_on(&back.platform, Router::new().fallback(any(hand_on)));
    let chunks = (0..5).map(|_| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024]));
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let request = Request::post(front.at("/")).body(body).unwrap();
    assert_eq!(front.client.stream(request).await.unwrap().status(), 413);
    let away = front.send(Call::post(front.at("/away"))).await;
    assert_eq!(refusal(&away), (503, "UNAVAILABLE".into()));
    assert!(!String::from_utf8_lossy(&away.body).contains("127.0.0.1"));
}

#[tokio::test]
async fn calls_are_counted_by_who_is_called_and_what_came_of_it() {
    let rig = serve(
        Router::new()
            .route("/", get(async || StatusCode::CONFLICT))
            .route("/never", get(async || std::future::pending::<()>().await)),
    );
    let client = HttpClient::new(&rig.platform, Options::default()).measured(rig.service.metrics()).unwrap();
    let call = |url: String| Call::get(url).to("warehouse").within(Duration::from_millis(20));
    client.send(call(rig.at("/"))).await.unwrap();
    client.send(call(rig.at("/never"))).await.unwrap_err();
    client.send(call("http://127.0.0.1:1/".to_owned())).await.unwrap_err();
    let mut request = Request::get(rig.at("/never")).body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer("warehouse"));
    tokio::time::timeout(Duration::from_millis(20), client.stream(request)).await.unwrap_err();
    let text = rig.metrics();
    for (status, error) in [("409", ""), ("", "timeout"), ("", "unreachable"), ("", "given_up")] {
        let series = format!(
            "http_client_request_duration_seconds_count{{http_request_method=\"GET\",peer_service=\"warehouse\",\
             http_response_status_code=\"{status}\",error_type=\"{error}\",service=\"customers\",style=\"rest\"}} 1\n"
        );
        assert!(text.contains(&series), "{series}{text}");
    }
}
