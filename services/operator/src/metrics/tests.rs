use std::{fmt::Write as _, path::PathBuf};

use http::{Request, StatusCode};
use kube::client::Body;
use rollout::{Reason, ServiceStatus, Time};
use tower::{ServiceBuilder, ServiceExt};

use super::*;

fn status(phase: Phase, since: i64) -> Status {
    Status { phase, since: Some(Time::from_millis(since)), ..Status::default() }
}

fn pointed(mut status: Status, at: i64) -> Status {
    let service = ServiceStatus { pointed_at: Some(Time::from_millis(at)), ..ServiceStatus::default() };
    status.services.push(service);
    status
}

fn line(metrics: &Metrics, start: &str) -> Option<String> {
    shown(metrics, &Scene::default(), start)
}

fn shown(metrics: &Metrics, scene: &Scene, start: &str) -> Option<String> {
    let text = metrics.text(scene).unwrap();
    text.lines().find(|line| line.starts_with(start)).map(str::to_owned)
}

#[test]
fn a_transition_is_counted_with_the_time_in_the_phase_that_is_left() {
    let metrics = Metrics::new().unwrap();
    metrics.stored(&status(Phase::Gating, 1_000), &status(Phase::Switching, 4_000));
    metrics.stored(&status(Phase::Switching, 4_000), &status(Phase::Switching, 4_000));
    let counted = line(&metrics, "switchyard_operator_transitions_total");
    assert_eq!(counted.unwrap(), r#"switchyard_operator_transitions_total{from="Gating",to="Switching"} 1"#);
    let spent = line(&metrics, "switchyard_operator_phase_duration_seconds_sum");
    assert_eq!(spent.unwrap(), r#"switchyard_operator_phase_duration_seconds_sum{phase="Gating"} 3"#);
}

#[test]
fn a_switch_lasts_from_the_first_pointing_until_all_endpoints_have_shown_it() {
    let metrics = Metrics::new().unwrap();
    let after = pointed(pointed(status(Phase::Verifying, 4_250), 4_000), 4_100);
    metrics.stored(&status(Phase::Switching, 3_900), &after);
    metrics.stored(&status(Phase::Switching, 3_900), &pointed(status(Phase::SwitchingBack, 9_000), 4_000));
    let lasted = line(&metrics, "switchyard_operator_switch_duration_seconds_sum");
    assert_eq!(lasted.unwrap(), "switchyard_operator_switch_duration_seconds_sum 0.25");
}

#[test]
fn where_everything_stands_is_looked_up_at_each_scrape() {
    let metrics = Metrics::new().unwrap();
    let held = (Phase::Held, Some(Reason::ForeignChange));
    let scene = Scene {
        bluegreens: vec![held, held, (Phase::Gating, Some(Reason::GateRunning))],
        leads: true,
        silent: vec![("pods", Duration::from_millis(1500))],
    };
    for (series, value) in [
        (r#"switchyard_operator_held{reason="ForeignChange"}"#, "2"),
        (r#"switchyard_operator_held{reason="GateRunning"}"#, "0"),
        (r#"switchyard_operator_bluegreens{phase="Gating"}"#, "1"),
        ("switchyard_operator_leader", "1"),
        (r#"switchyard_operator_watch_silent_seconds{resource="pods"}"#, "1.5"),
    ] {
        assert_eq!(shown(&metrics, &scene, series).unwrap(), format!("{series} {value}"));
    }
    let foreign = r#"switchyard_operator_held{reason="ForeignChange"}"#;
    assert_eq!(line(&metrics, foreign).unwrap(), format!("{foreign} 0"));
}

async fn ask(metrics: &Metrics, answer: Result<StatusCode, &'static str>) {
    let inner = tower::service_fn(move |_: Request<Body>| async move {
        answer.map(|status| http::Response::builder().status(status).body(Body::empty()).unwrap())
    });
    let client = ServiceBuilder::new().layer(metrics.requests()).service(inner);
    let _ = client.oneshot(Request::get("/api/v1/pods").body(Body::empty()).unwrap()).await;
}

#[tokio::test]
async fn requests_to_the_api_server_are_counted_also_if_no_answer_comes() {
    let metrics = Metrics::new().unwrap();
    ask(&metrics, Ok(StatusCode::TOO_MANY_REQUESTS)).await;
    ask(&metrics, Err("connection refused")).await;
    for code in ["429", "none"] {
        let series =
            format!(r#"switchyard_operator_api_requests_total{{code="{code}",resource="pods",verb="list"}}"#);
        assert_eq!(line(&metrics, &series).unwrap(), format!("{series} 1"));
    }
}

/// One of each, so that every family has a series.
async fn of_everything() -> Metrics {
    let metrics = Metrics::new().unwrap();
    metrics.turned(Turned::Rests, Duration::from_micros(300));
    metrics.stored(&status(Phase::Switching, 0), &pointed(status(Phase::Verifying, 1), 0));
    metrics.skewed(Duration::from_millis(1));
    ask(&metrics, Ok(StatusCode::OK)).await;
    let http = serde_json::from_str(r#"{"port": "admin", "path": "/"}"#).unwrap();
    metrics.gate_answered(&Gate { http: Some(http), ..Gate::default() }, &Answer::Good);
    metrics
}

fn table(metrics: &Metrics) -> String {
    let scene = Scene { silent: vec![("pods", Duration::ZERO)], ..Scene::default() };
    metrics.text(&scene).unwrap();
    let mut table = "| metric | type | labels | what it tells |\n|---|---|---|---|\n".to_owned();
    for family in metrics.registry.gather() {
        let labels = family.get_metric()[0].get_label().iter().map(|label| format!("`{}`", label.name()));
        let labels = labels.collect::<Vec<_>>().join(", ");
        let kind = format!("{:?}", family.get_field_type()).to_lowercase();
        writeln!(table, "| `{}` | {kind} | {labels} | {} |", family.name(), family.help()).unwrap();
    }
    table
}

#[tokio::test]
async fn the_document_has_every_family() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operator/metrics.md"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once("<!-- metrics -->\n").unwrap();
    let expected = format!("{before}<!-- metrics -->\n{}", table(&of_everything().await));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "is not up to date: run `UPDATE=1 cargo test -p operator document` and look at what has changed"
    );
}
