use axum::{Router, http::StatusCode, routing::get};
use serde_json::json;

use super::*;
use crate::testing::{client, nobody, pod, refusal, serve};

const QUESTION: Question<'_> =
    Question { port: "admin", path: "/readyz?full", timeout: Duration::from_secs(5), most: 32 };

#[test]
fn a_port_goes_by_its_name_or_its_number() {
    let pod = pod("a", "127.0.0.1:8081".parse().unwrap());
    let ports = ["admin", "9090", "http", "0", "70000"].map(|port| pod.port(port));
    assert_eq!(ports, [Some(8081), Some(9090), None, None, None]);
}

#[tokio::test]
async fn a_pod_is_asked_by_its_address() {
    let router = Router::new()
        .route("/readyz", get(async |uri: axum::http::Uri| (StatusCode::ACCEPTED, uri.to_string())))
        .route("/long", get(async || "x".repeat(33)))
        .route("/away", get(async || (StatusCode::FOUND, [("location", "/readyz")], "")));
    let (reach, pod) = (Reach::direct(), pod("a", serve(router)));
    let reply = reach.get("shop", &pod, &QUESTION).await.unwrap();
    assert_eq!((reply.status.as_u16(), &*reply.body), (202, &b"/readyz?full"[..]));
    let away = reach.get("shop", &pod, &Question { path: "/away", ..QUESTION }).await.unwrap();
    assert_eq!(away.status, StatusCode::FOUND, "a redirect is followed nowhere");
    let long = reach.get("shop", &pod, &Question { path: "/long", ..QUESTION }).await.unwrap_err();
    assert_eq!(long.to_string(), "the answer is longer than 32 bytes");
    let unread = reach.get("shop", &pod, &Question { path: "/long", most: 0, ..QUESTION }).await.unwrap();
    assert!(unread.body.is_empty());
}

#[tokio::test]
async fn why_a_pod_gives_no_answer_is_told_in_its_own_words() {
    let reach = Reach::direct();
    let away = pod("a", nobody());
    let refused = reach.get("shop", &away, &QUESTION).await.unwrap_err().to_string();
    assert!(refused.to_lowercase().contains("connection refused"), "{refused}");
    let no_port = reach.get("shop", &away, &Question { port: "http", ..QUESTION }).await.unwrap_err();
    assert_eq!(no_port.to_string(), "it has no port `http`");
    let no_address = reach.get("shop", &Pod { ip: None, ..away }, &QUESTION).await.unwrap_err();
    assert_eq!(no_address.to_string(), "it has no address");
    let hangs = Router::new().route("/readyz", get(std::future::pending::<String>));
    let question = Question { timeout: Duration::from_millis(1), ..QUESTION };
    let late = reach.get("shop", &pod("b", serve(hangs)), &question).await.unwrap_err();
    assert_eq!(late.to_string(), "no answer within 1ms");
}

#[tokio::test]
async fn through_the_api_server_a_pods_answer_is_told_from_the_servers_own() {
    let (client, asked) = client(|_, path, _| match path {
        "/api/v1/namespaces/shop/pods/http:a:8081/proxy/readyz?full" => (StatusCode::OK, json!("ready")),
        _ if path.ends_with("/busy") => (StatusCode::SERVICE_UNAVAILABLE, json!({"ready": false})),
        _ => refusal(StatusCode::FORBIDDEN, "Forbidden", "cannot get resource \"pods/proxy\""),
    });
    let (reach, pod) = (Reach::through_the_api(client), pod("a", "10.0.0.1:8081".parse().unwrap()));
    assert_eq!(&*reach.get("shop", &pod, &QUESTION).await.unwrap().body, b"\"ready\"");
    let busy = reach.get("shop", &pod, &Question { path: "/busy", most: 0, ..QUESTION }).await.unwrap();
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    let refused = reach.get("shop", &pod, &Question { path: "/other", ..QUESTION }).await.unwrap_err();
    assert_eq!(refused.to_string(), "the API server says: cannot get resource \"pods/proxy\"");
    let elsewhere = Question { path: "/../../../secrets/token", ..QUESTION };
    assert!(matches!(reach.get("shop", &pod, &elsewhere).await, Err(Unreached::BadPath(_))));
    assert_eq!(asked.lock().unwrap().len(), 3, "what could lead elsewhere is not even asked");
}
