//! What goes wrong when it is told to.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, advance};

use crate::rig::demo;

#[tokio::test(start_paused = true)]
async fn a_slow_one_answers_late() {
    let (rig, began) = (demo(r#"{"delay_ms": 700}"#), Instant::now());
    assert_eq!(rig.get("/").await.status, 200);
    assert_eq!(began.elapsed().as_millis(), 700);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_answers_fails_and_says_whose_they_are() {
    let rig = demo(r#"{"error_rate": 0.25}"#);
    let mut failed = 0;
    for _ in 0..400 {
        let answer = rig.get("/").await;
        failed += u32::from(answer.status == 500);
        assert_eq!(answer.headers["x-version"], "2");
    }
    assert!((70..130).contains(&failed), "{failed} of 400 by the seed of the rig");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_told_to_never_gets_ready() {
    let rig = demo(r#"{"unready": true}"#);
    let (status, report) = rig.admin("/readyz").await;
    assert_eq!((status, &report["checks"][0]["reason"]), (503, &json!("told to be unready")));
    assert_eq!(rig.get("/").await.status, 200, "whoever still asks is answered");
}

#[tokio::test(start_paused = true)]
async fn one_becomes_unready_when_its_time_has_come() {
    let rig = demo(r#"{"unready_after_seconds": 20}"#);
    advance(Duration::from_secs(19)).await;
    assert_eq!(rig.admin("/readyz").await.0, 200);
    advance(Duration::from_secs(1)).await;
    assert_eq!(rig.admin("/readyz").await.0, 503);
}

#[tokio::test(start_paused = true)]
async fn faults_change_while_it_runs_and_what_cannot_be_is_refused() {
    let rig = demo("{}");
    assert_eq!(rig.set_faults(&json!({"unready": true})).await.0, 200);
    assert_eq!((rig.admin("/readyz").await.0, &rig.admin("/faults").await.1["unready"]), (503, &json!(true)));
    let (status, problem) = rig.set_faults(&json!({"error_rate": 2})).await;
    assert_eq!((status, &problem["detail"]), (400, &json!("`error_rate` is from 0 to 1.")));
    assert_eq!(rig.set_faults(&json!({})).await.0, 200);
    assert_eq!(rig.admin("/readyz").await.0, 200);
}

#[test]
fn a_crash_ends_the_process_with_1() {
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_demo"))
        .envs([("LISTEN", "127.0.0.1:0"), ("ADMIN_LISTEN", "127.0.0.1:0"), ("LOG_LEVEL", "off")])
        .env("FAULTS", r#"{"crash_after_seconds": 0}"#)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}
