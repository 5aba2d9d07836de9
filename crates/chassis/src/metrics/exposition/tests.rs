use std::collections::BTreeSet;

use database::Clock;
use proptest::prelude::*;

use super::*;
use crate::metrics::histogram::{Buckets, HistogramVec};

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn description(name: &'static str, kind: Kind, labels: &'static [&'static str]) -> Description {
    Description { name, help: "What \"it\" is.", kind, labels: labels.into() }
}

fn number(labels: &[&str], value: f64) -> Sample {
    Sample { labels: labels.iter().map(|&label| label.to_owned()).collect(), value: Value::Number(value) }
}

fn histogram() -> Vec<Sample> {
    let histograms =
        HistogramVec::new(Buckets::nanoseconds(&[1_000_000, 1_000_000_000]), Clock::manual(1_500_000).0);
    let histogram = histograms.with(&["/orders/{id}"]);
    histogram.time(std::time::Duration::from_millis(2), Some(&SAMPLED.parse().unwrap()));
    histogram.time(std::time::Duration::from_micros(10), None);
    histograms.samples()
}

fn all(identity: &Identity) -> Families<'_> {
    let mut families = Families::default();
    let mut add = |owner, description: Description, samples| {
        families.add(owner, &description, samples).unwrap();
    };
    add(Some(identity), description("mails_total", Kind::Counter, &["kind"]), vec![number(&["a"], 2.0)]);
    add(None, description("memory_bytes", Kind::Gauge, &[]), vec![number(&[], 1.5)]);
    add(Some(identity), description("wait_seconds", Kind::Histogram, &["route"]), histogram());
    add(Some(identity), description("never_total", Kind::Counter, &[]), vec![]);
    families
}

fn identity() -> Identity {
    Identity { style: "rest".into(), service: "customers".into() }
}

#[test]
fn text_is_as_prometheus_writes_it() {
    let expected = r#"# HELP mails_total What "it" is.
# TYPE mails_total counter
mails_total{kind="a",service="customers",style="rest"} 2
# HELP memory_bytes What "it" is.
# TYPE memory_bytes gauge
memory_bytes 1.5
# HELP never_total What "it" is.
# TYPE never_total counter
# HELP wait_seconds What "it" is.
# TYPE wait_seconds histogram
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="0.001"} 1
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="1"} 2
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="+Inf"} 2
wait_seconds_sum{route="/orders/{id}",service="customers",style="rest"} 0.00201
wait_seconds_count{route="/orders/{id}",service="customers",style="rest"} 2
"#;
    assert_eq!(all(&identity()).write(Format::Text), expected);
}

#[test]
fn openmetrics_has_units_exemplars_and_an_end() {
    let expected = r##"# HELP mails What \"it\" is.
# TYPE mails counter
mails_total{kind="a",service="customers",style="rest"} 2
# HELP memory_bytes What \"it\" is.
# TYPE memory_bytes gauge
# UNIT memory_bytes bytes
memory_bytes 1.5
# HELP never What \"it\" is.
# TYPE never counter
# HELP wait_seconds What \"it\" is.
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="0.001"} 1
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="1.0"} 2 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.002 1.500
wait_seconds_bucket{route="/orders/{id}",service="customers",style="rest",le="+Inf"} 2
wait_seconds_sum{route="/orders/{id}",service="customers",style="rest"} 0.00201
wait_seconds_count{route="/orders/{id}",service="customers",style="rest"} 2
# EOF
"##;
    assert_eq!(all(&identity()).write(Format::OpenMetrics), expected);
}

#[test]
fn two_apps_that_count_different_things_by_one_name_are_found_out() {
    let mut families = Families::default();
    families.add(None, &description("depth", Kind::Gauge, &[]), vec![]).unwrap();
    let error = families.add(None, &description("depth", Kind::Gauge, &["queue"]), vec![]).unwrap_err();
    assert_eq!(error.to_string(), "two Apps count different things as `depth`");
}

proptest! {
    /// Whatever stands in labels, and whatever the numbers are, the exposition is one, and tells them as they were.
    #[test]
    fn an_exposition_can_be_read_back(
        labels in prop::collection::btree_map(any::<String>(), any::<f64>(), 0..8),
        open in any::<bool>(),
    ) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let mut families = Families::default();
        let samples = labels.iter().map(|(label, value)| number(&[label], *value)).collect();
        families.add(None, &description("depth", Kind::Gauge, &["name"]), samples).unwrap();
        families.add(None, &description("wait_seconds", Kind::Histogram, &["route"]), histogram()).unwrap();
        let text = families.write(format);
        let read = read(&text, format);
        let told: Vec<_> = read.iter().filter(|line| line.name == "depth").collect();
        prop_assert_eq!(told.len(), labels.len());
        for (line, (label, value)) in told.into_iter().zip(&labels) {
            prop_assert_eq!(&line.labels, &[("name".to_owned(), label.clone())]);
            prop_assert!(line.value == *value || (line.value.is_nan() && value.is_nan()), "{:?}", line);
        }
        prop_assert_eq!(read.iter().filter(|line| line.exemplar).count(), usize::from(open));
    }
}

/// A sample, as somebody else reads it.
#[derive(Debug)]
struct Line {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
    exemplar: bool,
}

/// Reads an exposition by the grammar of its format, and holds it to the rules about the order of lines.
fn read(text: &str, format: Format) -> Vec<Line> {
    let open = format == Format::OpenMetrics;
    let body = if open { text.strip_suffix("# EOF\n").expect("the end is marked") } else { text };
    assert!(body.is_empty() || body.ends_with('\n'));
    let (mut lines, mut seen, mut family) = (Vec::new(), BTreeSet::new(), String::new());
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            let (keyword, rest) = metadata.split_once(' ').unwrap();
            let (name, _) = rest.split_once(' ').unwrap();
            assert!(["HELP", "TYPE", "UNIT"].contains(&keyword), "{line}");
            if keyword == "HELP" {
                assert!(seen.insert(name.to_owned()), "the family `{name}` comes twice");
                family = name.to_owned();
            }
            assert_eq!(name, family, "{line}");
        } else {
            let line = read_line(line, open);
            assert!(line.name.starts_with(&family), "{line:?} among `{family}`");
            lines.push(line);
        }
    }
    lines
}

fn read_line(line: &str, open: bool) -> Line {
    let end_of_name = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end_of_name);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        (labels, rest) = read_labels(inside);
    }
    let rest = rest.strip_prefix(' ').unwrap();
    let (value, exemplar) = rest.split_once(" # ").map_or((rest, None), |(value, it)| (value, Some(it)));
    if let Some(exemplar) = exemplar {
        assert!(open, "there are no exemplars in text");
        let (labels, rest) = read_labels(exemplar.strip_prefix('{').unwrap());
        assert!(labels.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= 128);
        rest.trim_start().split(' ').for_each(|number| assert!(number.parse::<f64>().is_ok(), "{number}"));
    }
    Line { name: name.to_owned(), labels, value: value.parse().unwrap(), exemplar: exemplar.is_some() }
}

/// The labels, and what stands behind the bracket that closes them.
fn read_labels(text: &str) -> (Vec<(String, String)>, &str) {
    let (mut labels, mut rest) = (Vec::new(), text);
    loop {
        let (name, quoted) = rest.split_once("=\"").unwrap();
        let (mut value, mut escaped) = (String::new(), false);
        let end = quoted.char_indices().find(|(_, letter)| {
            let ends = *letter == '"' && !escaped;
            match (escaped, letter) {
                (true, 'n') => value.push('\n'),
                (true, letter) => value.push(*letter),
                (false, '\\' | '"') => {}
                (false, letter) => value.push(*letter),
            }
            escaped = !escaped && *letter == '\\';
            ends
        });
        labels.push((name.to_owned(), value));
        rest = &quoted[end.unwrap().0 + 1..];
        match rest.split_at(1) {
            (",", more) => rest = more,
            ("}", behind) => return (labels, behind),
            other => panic!("{other:?} after a label"),
        }
    }
}
