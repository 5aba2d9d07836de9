use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::{Json, Router, routing::get};
use serde_json::json;

use super::*;
use crate::testing::{nobody, pod, serve};

fn draining(pods: Vec<Pod>) -> Draining {
    Draining { namespace: "shop".into(), name: "shop".into(), uid: "uid".into(), port: "admin".into(), pods }
}

#[test]
fn only_zeros_of_all_three_kinds_are_done() {
    let done = br#"{"connections": 0, "in_flight": 0, "obligations": {"held calls": 0}}"#;
    assert!(is_done(done) && is_done(br#"{"connections": 0, "in_flight": 0, "obligations": {}}"#));
    for busy in [
        r#"{"connections": 1, "in_flight": 0, "obligations": {}}"#,
        r#"{"connections": 0, "in_flight": 1, "obligations": {}}"#,
        r#"{"connections": 0, "in_flight": 0, "obligations": {"outbox": 1}}"#,
        r#"{"connections": 0, "in_flight": 0}"#,
        r#"{"connections": -1, "in_flight": 0, "obligations": {}}"#,
        "{}",
        "",
    ] {
        assert!(!is_done(busy.as_bytes()), "{busy}");
    }
}

/// Where `/drain` tells of so many connections.
fn server(connections: &Arc<AtomicU64>) -> Router {
    let connections = Arc::clone(connections);
    let left = move || async move {
        Json(json!({"connections": connections.load(Relaxed), "in_flight": 0, "obligations": {}}))
    };
    Router::new().route("/drain", get(left))
}

#[tokio::test]
async fn a_pod_is_drained_when_it_says_so_and_no_other_is() {
    let left = Arc::new(AtomicU64::new(0));
    let pods = vec![
        pod("done", serve(server(&left))),
        pod("silent", serve(Router::new())),
        pod("gone", nobody()),
        Pod { ip: None, ..pod("new", nobody()) },
    ];
    let done = round(&Reach::direct(), &draining(pods.clone())).await;
    assert_eq!(done, HashSet::from(["uid-done".to_owned()]));
    left.store(2, Relaxed);
    assert!(round(&Reach::direct(), &draining(pods)).await.is_empty());
}

#[tokio::test]
async fn the_first_zeros_ask_for_a_reconcile_and_nobody_is_asked_who_is_forgotten() {
    let (trigger, mut triggered) = mpsc::channel(1);
    let drains = Drains::new(Reach::direct(), trigger);
    drains.want(draining(vec![pod("done", serve(server(&Arc::default())))]));
    let object = triggered.recv().await.unwrap();
    assert_eq!((object.namespace.as_deref(), object.name.as_str()), (Some("shop"), "shop"));
    assert!(drains.drained("uid", "uid-done") && !drains.drained("uid", "uid-other"));
    assert!(!drains.drained("another", "uid-done"));
    drains.want(draining(vec![]));
    assert!(!drains.drained("uid", "uid-done"));
    drains.forget("uid");
}
