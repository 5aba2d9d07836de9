use std::io;

use serde_json::Value;
use test_terminal::Written;
use tracing::{error_span, field::Empty, info, info_span, warn};

use super::*;
use crate::{
    testing::platform,
    trace::{Trace, child_of},
    traces,
};

/// The lines that `work` logs.
fn logged(format: LogFormat, level: &str, work: impl FnOnce(&LogHandle)) -> Vec<String> {
    let written = Written::default();
    let writer = written.clone();
    let logging = Logging { format, level: level.to_owned() };
    let (subscriber, handle) =
        subscriber("switchyard", &logging, &Traces::off(), move || writer.clone()).unwrap();
    let guard = subscriber.set_default();
    work(&handle);
    drop(guard);
    written.text().lines().map(str::to_owned).collect()
}

#[test]
fn a_span_keeps_its_fields_whatever_they_are() {
    let lines = logged(LogFormat::Json, "info", |_| {
        let path = "/a\"b\\c\n\u{1F511}";
        let span = info_span!(
            "all", text = path, shown = %path, debugged = ?Some(1), yes = true, less = -1, half = 0.5, none = f64::NAN,
            otel.kind = "server", about = Empty, empty = Empty
        );
        let _inside = span.enter();
        crate::trace::about("order.id", &7);
        let _nothing = info_span!("nothing", otel.kind = "server", later = Empty).entered();
        warn!("now");
    });
    let mut line: serde_json::Map<String, Value> = serde_json::from_str(&lines[0]).unwrap();
    line.retain(|name, _| !["timestamp", "level", "target", "service", "message"].contains(&name.as_str()));
    let path = "/a\"b\\c\n\u{1F511}";
    let expected = serde_json::json!({
        "text": path, "shown": path, "debugged": "Some(1)", "yes": true, "less": -1, "half": 0.5, "none": null,
        "order.id": "7",
    });
    assert_eq!(Value::Object(line), expected);
}

#[test]
fn a_json_line_is_flat_and_names_its_trace_and_its_service() {
    let lines = logged(LogFormat::Json, "info", |_| {
        let request = info_span!("request", service = "customers", trace_id = "4bf9", route = "/");
        let _inside = request.enter();
        let _inner = info_span!("step", route = "/inner").entered();
        warn!(order.id = 7, "placed \"twice\"");
    });
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["trace_id"], "4bf9");
    assert_eq!((&line["service"], &line["route"]), (&"customers".into(), &"/inner".into()));
    assert_eq!((&line["message"], &line["order.id"]), (&"placed \"twice\"".into(), &7.into()));
    assert_eq!((&line["level"], &line["target"]), (&"WARN".into(), &"chassis::telemetry::tests".into()));
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_line_tells_what_the_work_is_about_and_nothing_that_is_meant_for_the_recorder() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let lines = logged(format, "warn", |_| {
            let request = error_span!("request", trace_id = "4bf9", about = Empty, otel.kind = "server");
            let _inside = request.enter();
            crate::trace::about("order.id", &7);
            warn!(otel.status_code = "ERROR", "late");
        });
        assert!(!lines[0].contains("otel"), "{lines:?}");
        match format {
            LogFormat::Json => {
                let line: Value = serde_json::from_str(&lines[0]).unwrap();
                assert_eq!((&line["trace_id"], &line["order.id"]), (&"4bf9".into(), &"7".into()));
            }
            LogFormat::Text => assert!(lines[0].contains("order.id=7"), "{lines:?}"),
        }
    }
}

#[test]
fn outside_of_any_app_a_line_is_the_processs_own() {
    let lines = logged(LogFormat::Json, "info", |_| info!("starting"));
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["service"], "switchyard");
}

#[test]
fn a_readable_line_names_its_trace() {
    let lines = logged(LogFormat::Text, "info", |_| {
        info_span!("request", trace_id = "4bf9").in_scope(|| info!("placed"));
    });
    assert!(lines[0].contains("4bf9") && lines[0].contains("placed"), "{lines:?}");
}

#[test]
fn the_level_changes_while_running() {
    let lines = logged(LogFormat::Text, "warn", |handle| {
        info!("before");
        handle.set("info").unwrap();
        info!("between");
        handle.set("chassis=error").unwrap();
        info!("after");
        assert_eq!(handle.current(), "chassis=error");
    });
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("between"));
}

#[test]
fn a_mistyped_level_is_refused_and_the_one_before_stays() {
    let handle = LogHandle::detached();
    for bad in ["", "inof", "info,", "ordering=loud", "info,debgu"] {
        assert!(handle.set(bad).is_err(), "{bad}");
    }
    for good in ["info", "WARN", "off", "warn,ordering=debug", "ordering[request{route}]=trace"] {
        assert!(handle.set(good).is_ok(), "{good}");
    }
}

#[test]
fn a_format_goes_by_its_name() {
    assert_eq!("json".parse(), Ok(LogFormat::Json));
    assert_eq!("yaml".parse::<LogFormat>(), Err(UnknownFormat));
    let mut env = Env::from([("LOG_FORMAT", "text"), ("LOG_LEVEL", "debug")]);
    let logging = Logging::from_env(&mut env);
    assert_eq!((logging.format, logging.level.as_str()), (LogFormat::Text, "debug"));
}

#[tokio::test]
async fn no_level_of_the_log_keeps_a_span_from_its_trace() {
    let mut env = Env::from([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://nobody:4317")]);
    let traces = Traces::start("test", traces::Config::from_env(&mut env), &platform());
    let logging = Logging { format: LogFormat::Json, level: "error".to_owned() };
    let (subscriber, log) = subscriber("test", &logging, &traces, io::sink).unwrap();
    let _logging = subscriber.set_default();
    let asked = Trace::new([1, 2, 3]).sampled(true);
    for level in ["error", "off", "debug"] {
        log.set(level).unwrap();
        let (_span, here) = child_of(&asked, || info_span!("step"));
        assert!(here.is_with(&asked) && here != asked, "{level}");
    }
}
