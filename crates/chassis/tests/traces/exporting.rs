use axum::{Router, routing::get};
use chassis::{client::Call, service::Service, shutdown::LAST_STEPS};
use test_support::{
    collector::{Behaviour, Span},
    recording::{CLIENT, TRACE_ID},
};

use crate::rig::{Rig, count};

fn nothing() -> Router {
    Router::new().route("/", get(async || ""))
}

fn at_least(count: usize) -> impl FnMut(Vec<Span>) -> Result<(), String> {
    move |spans| if spans.len() >= count { Ok(()) } else { Err(format!("{} spans", spans.len())) }
}

/// Looks again and again until the App has counted so many.
async fn counted(service: &Service, series: &str, expected: u64) {
    let look = async {
        while count(service, series) != expected {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    if tokio::time::timeout(patience, look).await.is_err() {
        panic!("{series} is {}", count(service, series));
    }
}

#[tokio::test]
async fn both_forms_of_the_protocol_carry_the_same_and_the_headers_that_are_wanted() {
    for (protocol, media_type) in [("grpc", "application/grpc"), ("http/protobuf", "application/x-protobuf")]
    {
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2");
        let rig = Rig::new([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), headers]);
        let (service, url) = rig.serve("orders", nothing());
        rig.get(&url, CLIENT).await;
        rig.recording.collector.until(TRACE_ID, at_least(2)).await;
        let request = &rig.recording.collector.requests()[0];
        assert_eq!((&*request["content-type"], &*request["api-key"]), (media_type, "hunter2"));
        counted(&service, "spans_exported_total", 1).await;
    }
}

#[tokio::test]
async fn what_a_collector_rejects_is_counted() {
    for protocol in ["grpc", "http/protobuf"] {
        let rig = Rig::new([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]);
        let (service, url) = rig.serve("orders", nothing());
        rig.recording.collector.behave(Behaviour::Rejects(1));
        // Without a trace of its own the client records nothing, and the App is alone in the request.
        rig.client.send(Call::get(&url)).await.unwrap();
        counted(&service, r#"spans_dropped_total{reason="rejected""#, 1).await;
        rig.recording.collector.behave(Behaviour::Answers(400));
        rig.client.send(Call::get(&url)).await.unwrap();
        counted(&service, r#"spans_dropped_total{reason="rejected""#, 2).await;
        assert_eq!(count(&service, "spans_exported_total"), 0);
    }
}

#[tokio::test]
async fn a_collector_that_is_unwell_for_a_moment_has_everything_in_the_end() {
    for protocol in ["grpc", "http/protobuf"] {
        let rig = Rig::new([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]);
        let (service, url) = rig.serve("orders", nothing());
        rig.recording.collector.behave(Behaviour::Answers(503));
        rig.get(&url, CLIENT).await;
        while rig.recording.collector.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        rig.recording.collector.behave(Behaviour::Takes);
        rig.recording.collector.until(TRACE_ID, at_least(2)).await;
        counted(&service, "spans_exported_total", 1).await;
        assert_eq!(count(&service, r#"spans_dropped_total{reason="not_sent""#), 0);
    }
}

#[tokio::test]
async fn a_collector_that_hangs_keeps_nobody_waiting_and_what_finds_no_room_is_counted() {
    let rig = Rig::new([
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
    ]);
    let (service, url) = rig.serve("orders", nothing());
    rig.recording.collector.behave(Behaviour::Hangs);
    for _ in 0..20 {
        assert!(rig.client.send(Call::get(&url)).await.unwrap().is_success());
    }
    // Two are on their way and four wait: the others found no room.
    let dropped = count(&service, r#"spans_dropped_total{reason="queue_full""#);
    assert!((14..20).contains(&dropped), "{dropped}");
    drop(service);
}

#[tokio::test]
async fn stopping_sends_what_is_left_of_every_app_and_counts_it_for_each() {
    let rig = Rig::new([("OTEL_BSP_SCHEDULE_DELAY", "3600000")]);
    let apps = ["billing", "orders", "shipping"].map(|name| rig.serve(name, nothing()));
    for (_, url) in &apps {
        rig.get(url, CLIENT).await;
    }
    assert!(rig.recording.collector.spans().is_empty());
    rig.recording.traces.stop().await;
    let mut services: Vec<_> =
        rig.recording.collector.spans().iter().map(|span| span.service().to_owned()).collect();
    services.sort_unstable();
    assert_eq!(services, ["billing", "orders", "shipping", "test", "test", "test"]);
    assert!(apps.iter().all(|(service, _)| count(service, "spans_exported_total") == 1));
    rig.recording.traces.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_no_collector_that_hangs() {
    for protocol in ["grpc", "http/protobuf"] {
        let rig =
            Rig::new([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")]);
        let (_service, url) = rig.serve("orders", nothing());
        rig.recording.collector.behave(Behaviour::Hangs);
        rig.get(&url, CLIENT).await;
        tokio::time::pause();
        let later = async {
            while rig.recording.collector.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            tokio::time::advance(2 * LAST_STEPS).await;
        };
        tokio::join!(rig.recording.traces.stop(), later);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_process_that_goes_on_after_it_stopped_recording_records_nothing_and_serves() {
    let rig = Rig::new([]);
    let (_service, url) = rig.serve("orders", nothing());
    rig.recording.traces.stop().await;
    assert!(rig.get(&url, CLIENT).await.is_success());
    assert!(rig.recording.collector.spans().is_empty());
}
