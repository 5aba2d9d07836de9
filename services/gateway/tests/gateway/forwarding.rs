use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use chassis::client::Call;
use gateway::routes::{AnsweredBy, ROUTES, Route, StandIn};
use serde_json::json;

use crate::rig::{Owners, Rig, json, mirror, refusal};

/// The public contract's calls, by hand: who owns what they are about.
const CALLS: [(&str, &str, &str); 25] = [
    ("POST", "/v1/customers", "customers"),
    ("GET", "/v1/customers", "customers"),
    ("GET", "/v1/customers/7", "customers"),
    ("PATCH", "/v1/customers/7", "customers"),
    ("GET", "/v1/customers/7/history", "customers"),
    ("POST", "/v1/products", "warehouse"),
    ("GET", "/v1/products", "warehouse"),
    ("GET", "/v1/products/TEA-1.00_x", "warehouse"),
    ("PATCH", "/v1/products/TEA", "warehouse"),
    ("POST", "/v1/products/TEA/restock", "warehouse"),
    ("POST", "/v1/products/TEA/corrections", "warehouse"),
    ("GET", "/v1/products/TEA/history", "warehouse"),
    ("POST", "/v1/orders", "ordering"),
    ("GET", "/v1/orders", "ordering"),
    ("GET", "/v1/orders/0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10", "ordering"),
    ("POST", "/v1/orders/7/items", "ordering"),
    ("PUT", "/v1/orders/7/items/TEA", "ordering"),
    ("DELETE", "/v1/orders/7/items/TEA", "ordering"),
    ("POST", "/v1/orders/7/place", "ordering"),
    ("POST", "/v1/orders/7/cancel", "ordering"),
    ("GET", "/v1/orders/7/events", "ordering"),
    ("GET", "/v1/orders/7/history", "ordering"),
    ("GET", "/v1/shipments", "shipping"),
    ("GET", "/v1/invoices", "billing"),
    ("POST", "/v1/invoices/7/pay", "billing"),
];

#[tokio::test(start_paused = true)]
async fn every_call_reaches_its_owner_with_method_query_and_body() {
    let rig = Rig::of_mirrors();
    for (method, path, owner) in CALLS {
        let body = if method == "GET" { "" } else { r#"{"name": "Ada"}"# };
        let target = format!("{path}?min=1000.00%20EUR&status=OPEN&status=SHIPPED");
        let answer = rig.send(method.parse().unwrap(), &target, &[], body).await;
        assert_eq!(answer.status, 200, "{method} {path}");
        let heard = json(&answer);
        let expected = json!([owner, method, target, body]);
        assert_eq!(json!([heard["service"], heard["method"], heard["uri"], heard["body"]]), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_of_the_table_is_one_of_the_contract() {
    // A timeline has no single owner, and views have none in this style.
    let handed_on = |route: &&Route| match route.answered_by {
        AnsweredBy::Timeline => false,
        AnsweredBy::Views(stand_in) => matches!(stand_in, StandIn::Owner(_)),
        _ => true,
    };
    assert_eq!(ROUTES.iter().filter(handed_on).count(), CALLS.len());
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_about_its_request_goes_along() {
    let rig = Rig::of_mirrors();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
        ("if-match", "\"3\""),
        ("prefer", "wait=10"),
        ("last-event-id", "7"),
        ("accept", "text/event-stream"),
    ];
    let answer = rig.send(Method::POST, "/v1/orders/7/place", &headers, "{}").await;
    for (name, value) in headers {
        assert_eq!(json(&answer)["headers"][name], value, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_about_the_connection_or_says_who_asks_does_not() {
    let rig = Rig::of_mirrors();
    let headers = [
        ("x-actor", "root"),
        ("connection", "x-secret-of-the-hop"),
        ("x-secret-of-the-hop", "1"),
        ("te", "trailers"),
        ("proxy-authorization", "Basic x"),
        ("host", "shop.example"),
    ];
    let heard = json(&rig.send(Method::GET, "/v1/orders", &headers, "").await);
    for name in ["x-actor", "connection", "x-secret-of-the-hop", "te", "proxy-authorization"] {
        assert!(heard["headers"][name].is_null(), "{name}: {heard}");
    }
    assert_ne!(heard["headers"]["host"], "shop.example");
}

#[tokio::test(start_paused = true)]
async fn the_trace_goes_on_and_comes_back() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let rig = Rig::of_mirrors();
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    for path in ["/v1/orders", "/v1/orders/0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10"] {
        let given = [("traceparent", parent.as_str()), ("tracestate", "vendor=1")];
        let answer = rig.send(Method::GET, path, &given, "").await;
        assert_eq!(answer.headers["x-trace-id"], TRACE);
        // Nobody records here, so that the owner goes on from where the client was.
        let heard = json(&answer)["headers"].clone();
        assert_eq!((&heard["traceparent"], &heard["tracestate"]), (&(&*parent).into(), &"vendor=1".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_shrinks_along_the_way() {
    let rig = Rig::of_mirrors();
    for given in [("x-request-timeout-ms", "2000"), ("grpc-timeout", "2S")] {
        let answer = rig.send(Method::GET, "/v1/orders", &[given], "").await;
        let headers = json(&answer)["headers"].clone();
        let left: u64 = headers["x-request-timeout-ms"].as_str().unwrap().parse().unwrap();
        assert!((1000..2000).contains(&left), "{left}");
        assert!(headers["grpc-timeout"].is_null());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_an_owner_has_time_for_the_longest_wait() {
    let headers = json(&Rig::of_mirrors().get("/v1/orders").await)["headers"].clone();
    let left: u64 = headers["x-request-timeout-ms"].as_str().unwrap().parse().unwrap();
    assert!(left > 30_000, "{left}");
}

#[tokio::test(start_paused = true)]
async fn an_owners_answer_comes_back_as_it_is() {
    let created = async || {
        let headers = [("etag", "\"1\""), ("x-own", "kept"), ("connection", "x-hop"), ("x-hop", "dropped")];
        (StatusCode::CREATED, headers, "the body")
    };
    let ordering = Router::new().route("/v1/orders", post(created));
    let rig = Rig::of(Owners { ordering: Some(ordering), ..Owners::mirrors("rest") });
    let answer = rig.send(Method::POST, "/v1/orders", &[], "{}").await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::CREATED, b"the body".as_slice()));
    assert_eq!(
        (&answer.headers["etag"], &answer.headers["x-own"]),
        (&"\"1\"".parse().unwrap(), &"kept".parse().unwrap())
    );
    assert!(!answer.headers.contains_key("x-hop"));
}

#[tokio::test(start_paused = true)]
async fn an_owners_problem_comes_back_with_its_code_and_its_headers() {
    let refused = async |headers: HeaderMap| {
        let trace_id = headers["traceparent"].to_str().unwrap()[3..35].to_owned();
        let problem = json!({
            "type": "urn:x", "title": "Conflict", "status": 409, "detail": "Locked.", "code": "ORDER_LOCKED", "trace_id": trace_id,
        });
        (
            StatusCode::CONFLICT,
            [("content-type", "application/problem+json"), ("retry-after", "7")],
            problem.to_string(),
        )
    };
    let ordering = Router::new().route("/v1/orders", post(refused));
    let rig = Rig::of(Owners { ordering: Some(ordering), ..Owners::mirrors("rest") });
    let answer = rig.send(Method::POST, "/v1/orders", &[], "{}").await;
    assert_eq!(refusal(&answer), (409, "ORDER_LOCKED".into()));
    assert_eq!(answer.headers["retry-after"], "7");
}

#[tokio::test(start_paused = true)]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let rig = Rig::of_mirrors();
    for path in ["/v1/orders", "/v1/orders/0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10"] {
        let answer = rig.send(Method::HEAD, path, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_services_may_ask_is_out_of_reach() {
    let rig = Rig::of_mirrors();
    for path in [
        "/internal/reservations/7",
        "/rest/internal/reservations/7",
        "/v1/internal/reservations/7",
        "/v1/../internal/reservations/7",
        "/v1/orders/..%2f..%2finternal%2freplies",
        "/v1/orders/%2e%2e/items/TEA",
        "/v1/orders/../place",
        "//internal/replies",
        "/metrics",
        "/audit",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let answer = rig.send(method.parse().unwrap(), path, &[], "").await;
            assert!(matches!(refusal(&answer).0, 404 | 405), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_method_is_405_and_tells_which_there_are() {
    let answer = Rig::of_mirrors().send(Method::DELETE, "/v1/orders", &[], "").await;
    assert_eq!(refusal(&answer), (405, "METHOD_NOT_ALLOWED".into()));
    let allowed = answer.headers["allow"].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test(start_paused = true)]
async fn a_view_is_501_in_a_style_where_nobody_keeps_it() {
    for view in ["stock", "order-history"] {
        let answer = Rig::of_mirrors().get(&format!("/v1/views/{view}")).await;
        assert_eq!(refusal(&answer), (501, "NOT_IMPLEMENTED".into()), "{view}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_looked_for_across_services_goes_to_the_views_where_there_are_some() {
    let views = Some(mirror("messaging", "views"));
    let rig = Rig::before([("messaging", Owners { views, ..Owners::mirrors("messaging") })]);
    let headers = [("x-view-at-least", "orders/7@3")];
    for path in [
        "/v1/orders?status=OPEN",
        "/v1/views/stock?limit=3",
        "/v1/views/order-history",
        "/v1/views/recent-valuable-customers?since=x",
    ] {
        let heard = json(&rig.send(Method::GET, path, &headers, "").await);
        assert_eq!((&heard["service"], &heard["uri"]), (&json!("views"), &json!(path)));
        assert_eq!(heard["headers"]["x-view-at-least"], "orders/7@3");
    }
    assert_eq!(json(&rig.send(Method::POST, "/v1/orders", &[], "{}").await)["service"], "ordering");
}

#[tokio::test(start_paused = true)]
async fn a_body_beyond_the_limit_is_413_and_nobody_is_asked() {
    let unasked = post(async || unreachable!("the owner was asked") as StatusCode);
    let rig = Rig::of(Owners {
        ordering: Some(Router::new().route("/v1/orders", unasked)),
        ..Owners::mirrors("rest")
    });
    let declared = rig.send(Method::POST, "/v1/orders", &[], &"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(refusal(&declared), (413, "BODY_TOO_LARGE".into()));

    let chunks = futures_util::stream::iter((0..5).map(|_| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024])));
    let request = Request::post(rig.at("/v1/orders")).body(Body::from_stream(chunks)).unwrap();
    assert_eq!(rig.client.stream(request).await.unwrap().status(), 413);
}

#[tokio::test(start_paused = true)]
async fn the_largest_body_passes_and_so_does_a_large_answer() {
    let body = "x".repeat(64 * 1024);
    let heard = json(&Rig::of_mirrors().send(Method::POST, "/v1/orders", &[], &body).await);
    assert_eq!(heard["body"], body);

    let large = "y".repeat(900 * 1024);
    let answer = large.clone();
    let list = get(async move || answer.clone().into_response());
    let rig = Rig::of(Owners {
        ordering: Some(Router::new().route("/v1/orders", list)),
        ..Owners::mirrors("rest")
    });
    assert_eq!(rig.client.send(Call::get(rig.at("/v1/orders"))).await.unwrap().body, large);
}
