use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Path,
    http::{HeaderName, Method, StatusCode, header},
    routing::{get, post},
};
use mesh::{concurrency, stack::ServerPolicy};
use tokio::sync::Notify;

use crate::{
    client::Call,
    context::{Context, TIMEOUT_MS},
    extract::{IfMatch, Json, Prefer, Query},
    limits::{BODY_BYTES, Limits},
    problem::Problem,
    testing::{refusal, serve, serve_within},
    trace::TRACEPARENT,
};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn with(name: HeaderName, value: &str, call: Call) -> Call {
    call.header(name, value.parse().unwrap())
}

#[tokio::test]
async fn every_answer_tells_the_callers_trace() {
    let rig = serve(Router::new().route("/", get(async |context: Context| context.trace.to_string())));
    let answer = rig.send(with(TRACEPARENT, PARENT, Call::get(rig.at("/")))).await;
    assert_eq!(answer.headers["x-trace-id"], PARENT[3..35]);
    let inside = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(inside, PARENT, "what nobody records is where the caller is");
}

#[tokio::test]
async fn without_a_trace_a_new_one_begins() {
    let rig = serve(Router::new().route("/", get(async || "")));
    let (first, second) = (rig.get("/").await, rig.get("/").await);
    assert_ne!(first.headers["x-trace-id"], second.headers["x-trace-id"]);
}

#[tokio::test]
async fn an_unknown_address_and_an_unknown_method_are_problems() {
    let rig = serve(Router::new().route("/known", get(async || "").put(async || "")));
    assert_eq!(refusal(&rig.get("/unknown").await), (404, "NOT_FOUND".into()));
    let wrong_method = rig.send(Call::delete(rig.at("/known"))).await;
    assert_eq!(refusal(&wrong_method), (405, "METHOD_NOT_ALLOWED".into()));
    let allowed = wrong_method.headers["allow"].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("PUT"), "{allowed}");
}

#[tokio::test]
async fn an_error_of_another_origin_becomes_a_problem_and_says_nothing_of_the_inside() {
    let router = Router::new()
        .route("/text", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "panic at src/main.rs")))
        .route("/{number}", get(async |Path(number): Path<u32>| number.to_string()));
    let rig = serve(router);
    let answer = rig.get("/text").await;
    assert_eq!(refusal(&answer), (500, "INTERNAL_ERROR".into()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("main.rs"));
    assert_eq!(refusal(&rig.get("/abc").await), (400, "MALFORMED_REQUEST".into()));
}

#[tokio::test]
async fn a_problem_handed_on_keeps_its_own_trace() {
    let theirs = Problem::not_found("order").with_trace_id("theirs");
    let rig = serve(Router::new().route("/", get(async || theirs)));
    assert_eq!(rig.get("/").await.problem().unwrap().trace_id, "theirs");
}

#[tokio::test]
async fn a_panic_is_500_and_the_server_goes_on() {
    async fn panics() -> &'static str {
        panic!("for the test")
    }
    let rig = serve(Router::new().route("/", get(panics)).route("/ok", get(async || "fine")));
    let answer = rig.get("/").await;
    assert_eq!(refusal(&answer), (500, "INTERNAL_ERROR".into()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("for the test"));
    assert_eq!(rig.get("/ok").await.body, "fine");
}

#[tokio::test]
async fn a_malformed_deadline_is_400_and_one_that_has_passed_is_504() {
    let rig = serve(Router::new().route("/", get(async || "")));
    let malformed = rig.send(with(TIMEOUT_MS, "soon", Call::get(rig.at("/")))).await;
    assert_eq!(refusal(&malformed), (400, "MALFORMED_REQUEST".into()));
    let passed = rig.send(with(TIMEOUT_MS, "0", Call::get(rig.at("/")))).await;
    assert_eq!(refusal(&passed), (504, "DEADLINE_EXCEEDED".into()));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_whether_its_length_is_declared_or_not() {
    let rig = serve(Router::new().route("/", post(async |Json(text): Json<String>| text.len().to_string())));
    let call = |length: usize| Call::post(rig.at("/")).json(&"x".repeat(length - 2)).unwrap();
    assert_eq!(rig.send(call(BODY_BYTES)).await.body, (BODY_BYTES - 2).to_string());
    assert_eq!(refusal(&rig.send(call(BODY_BYTES + 1)).await), (413, "BODY_TOO_LARGE".into()));
    let chunks = futures_util::stream::iter((0..5).map(|_| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024])));
    let request = axum::http::Request::post(rig.at("/"))
        .header("content-type", "application/json")
        .body(axum::body::Body::from_stream(chunks));
    let answer = rig.client.stream(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let rig = serve(Router::new().route("/", post(async |_: Json<String>| "")));
    let chunks = futures_util::stream::pending::<Result<&'static str, std::io::Error>>();
    let request = axum::http::Request::post(rig.at("/"))
        .header("content-type", "application/json")
        .body(axum::body::Body::from_stream(chunks));
    let started = tokio::time::Instant::now();
    let answer = rig.client.stream(request.unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), started.elapsed().as_secs()), (400, 10));
}

fn one_at_a_time() -> Limits {
    let server = ServerPolicy { concurrency: Some(concurrency::Policy::fixed(1)), ..ServerPolicy::default() };
    Limits { server, ..Limits::default() }
}

#[tokio::test]
async fn beyond_the_limit_at_a_time_a_request_is_503_and_comes_again_later() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, released) = (entered.clone(), leave.clone());
    let slow = get(async move || {
        inside.notify_one();
        released.notified().await;
    });
    let rig = serve_within(Router::new().route("/", slow), one_at_a_time());
    let first = tokio::spawn({
        let (client, url) = (rig.client.clone(), rig.at("/"));
        async move { client.send(Call::get(url)).await.unwrap().status }
    });
    entered.notified().await;
    let refused = rig.get("/").await;
    assert_eq!(refusal(&refused), (503, "UNAVAILABLE".into()));
    assert_eq!(refused.headers["retry-after"], "1");
    leave.notify_one();
    assert_eq!(first.await.unwrap(), 200);
    leave.notify_one();
    assert_eq!(rig.get("/").await.status, 200);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
    let stuck = get(async || std::future::pending::<()>().await);
    let router = Router::new().route("/stuck", stuck).route("/", get(async || ""));
    let rig = serve_within(router, one_at_a_time());
    let gone = Call::get(rig.at("/stuck")).within(Duration::from_millis(10));
    rig.client.send(gone).await.unwrap_err();
    while rig.get("/").await.status != 200 {
        tokio::task::yield_now().await;
    }
    assert!(rig.metrics().contains("http_server_active_requests{service=\"customers\",style=\"rest\"} 0"));
}

#[tokio::test]
async fn requests_are_counted_by_template_never_by_path_or_made_up_method() {
    let rig = serve(Router::new().route("/orders/{id}", get(async || "")));
    for path in ["/orders/1", "/orders/2", "/no/such", "/route"] {
        rig.get(path).await;
    }
    let made_up = Method::from_bytes(b"BREW").unwrap();
    rig.send(Call::new(made_up, rig.at("/orders/1"))).await;
    let text = rig.metrics();
    let counts: Vec<_> = text.lines().filter(|line| line.contains("duration_seconds_count")).collect();
    assert_eq!(counts.len(), 3, "{counts:#?}");
    let has = |route: &str, status: &str, count: &str| {
        counts.iter().any(|line| line.contains(route) && line.contains(status) && line.ends_with(count))
    };
    assert!(has("\"/orders/{id}\"", "\"200\"", " 2"), "{counts:#?}");
    assert!(has("\"unmatched\"", "\"404\"", " 2"), "{counts:#?}");
    assert!(has("\"_OTHER\"", "\"405\"", " 1"), "{counts:#?}");
}

#[tokio::test]
async fn bodies_are_measured_whether_their_length_is_known_or_not() {
    let streamed = async || {
        let parts = ["one", "two", "three"].map(Ok::<_, std::io::Error>);
        axum::body::Body::from_stream(futures_util::stream::iter(parts))
    };
    let router = Router::new()
        .route("/length", post(async |Json(text): Json<String>| text))
        .route("/streamed", get(streamed));
    let rig = serve(router);
    rig.send(Call::post(rig.at("/length")).json(&"seven").unwrap()).await;
    rig.get("/streamed").await;
    let text = rig.metrics();
    for (what, method, route, bytes) in [
        ("request", "POST", "/length", 7),
        ("response", "POST", "/length", 5),
        ("request", "GET", "/streamed", 0),
        ("response", "GET", "/streamed", 11),
    ] {
        let sum = format!(
            "http_server_{what}_body_size_bytes_sum{{http_request_method=\"{method}\",http_route=\"{route}\",\
             service=\"customers\",style=\"rest\"}} {bytes}\n"
        );
        assert!(text.contains(&sum), "{sum}{text}");
    }
}

#[tokio::test]
async fn a_request_of_a_sampled_trace_is_the_exemplar_of_its_bucket() {
    let rig = serve(Router::new().route("/", get(async || "")));
    rig.send(with(TRACEPARENT, PARENT, Call::get(rig.at("/")))).await;
    let exemplar = format!("# {{trace_id=\"{}\"}}", &PARENT[3..35]);
    let text =
        crate::metrics::exposition([rig.service.metrics()], crate::metrics::Format::OpenMetrics).unwrap();
    let of_requests =
        text.lines().filter(|line| line.starts_with("http_server_request_duration_seconds_bucket"));
    assert_eq!(of_requests.filter(|line| line.contains(&exemplar)).count(), 1, "{text}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    /// No header, query or body makes a handler that takes all of them fail, or answer anything else than a
    /// problem.
    #[test]
    fn whatever_a_client_sends_is_answered_properly(
        values in proptest::array::uniform7("[ -~]{0,40}"),
        query in "[a-z%=&+0-9]{0,20}",
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..100),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(answered_properly(values, query, body));
    }
}

async fn answered_properly(values: [String; 7], query: String, body: Vec<u8>) {
    #[derive(serde::Deserialize)]
    struct Search {
        #[serde(rename = "a")]
        _a: Option<u32>,
    }
    let handler = async |_: Context, _: IfMatch, _: Prefer, _: Query<Search>, _: Json<Vec<u32>>| "fine";
    let rig = serve(Router::new().route("/", post(handler)));
    let names = [
        "traceparent",
        "grpc-timeout",
        "x-actor",
        "if-match",
        "prefer",
        "idempotency-key",
        "x-request-timeout-ms",
    ];
    let mut call = Call::post(rig.at(&format!("/?{query}"))).body(body);
    call = call.header(header::CONTENT_TYPE, "application/json".parse().unwrap());
    for (name, value) in names.into_iter().zip(values) {
        call = with(HeaderName::from_static(name), &value, call);
    }
    let answer = rig.send(call).await;
    assert!(answer.headers.contains_key("x-trace-id"));
    if answer.status != 200 {
        let (status, _) = refusal(&answer);
        assert!([400, 412, 422, 504].contains(&status), "{answer:?}");
    }
}
