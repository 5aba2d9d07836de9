use super::*;
use crate::testing::platform;

fn metrics(service: &str, style: &str) -> Metrics {
    Metrics::new(service, style, &platform()).unwrap()
}

#[test]
fn every_series_names_its_service_and_style() {
    let metrics = metrics("customers", "rest");
    let sent = metrics.counter("mails_sent_total", "Mails sent.", &["kind"]).unwrap();
    sent.with_label_values(&["welcome"]).inc();
    let text = exposition([&metrics], Format::Text).unwrap();
    let series = r#"mails_sent_total{kind="welcome",service="customers",style="rest"} 1"#;
    assert!(text.contains(series), "{text}");
}

#[test]
fn the_union_tells_each_family_once_with_the_series_of_all_and_the_process_once() {
    let text =
        exposition([&metrics("customers", "rest"), &metrics("billing", "rest")], Format::Text).unwrap();
    assert_eq!(text.matches("# TYPE build_info gauge").count(), 1);
    assert!(text.contains(r#"service="customers""#) && text.contains(r#"service="billing""#));
    assert_eq!(text.matches("\nprocess_threads ").count(), 1, "{text}");
}

#[test]
fn what_is_counted_elsewhere_is_read_at_every_scrape() {
    let metrics = metrics("customers", "rest");
    let hits = std::sync::atomic::AtomicU64::new(0);
    let read = move |shown: &mut Samples| {
        shown.count(&["writer"], hits.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    };
    metrics.read_counter("hits_total", "Hits.", &["queue"], read).unwrap();
    exposition([&metrics], Format::Text).unwrap();
    let text = exposition([&metrics], Format::Text).unwrap();
    assert!(text.contains(r#"hits_total{queue="writer",service="customers",style="rest"} 1"#), "{text}");
}

#[test]
fn a_name_is_taken_once_only() {
    let error = metrics("customers", "rest").gauge("build_info", "Again.", &[]).unwrap_err();
    assert_eq!(error.to_string(), "registering the metric `build_info`: the name is taken");
}

#[test]
fn a_name_against_the_rules_is_refused() {
    let metrics = metrics("customers", "rest");
    let gauge = |name, labels| metrics.gauge(name, "It.", labels).map(drop);
    for (name, labels) in [
        ("Upper", &[][..]),
        ("7th", &[]),
        ("", &[]),
        ("with-dash", &[]),
        ("mails_total", &[]),
        ("wait_count", &[]),
        ("fine", &["service"]),
        ("fine", &["le"]),
        ("fine", &["two words"]),
    ] {
        assert!(matches!(gauge(name, labels), Err(Error::Malformed { .. })), "{name} {labels:?}");
    }
    assert!(metrics.counter("mails", "Mails.", &[]).is_err(), "a counter says that it is one");
    assert!(metrics.counter("mails_total", "", &[]).is_err(), "nobody knows what it counts");
}

#[test]
fn a_unit_is_told_from_the_name() {
    let unit = |name, kind| Description { name, help: "It.", kind, labels: [].as_slice().into() }.unit();
    assert_eq!(unit("wait_seconds", Kind::Histogram), Some("seconds"));
    assert_eq!(unit("sent_bytes_total", Kind::Counter), Some("bytes"));
    assert_eq!(unit("commits_total", Kind::Counter), None);
}
