//! From what a span of `tracing` says to what a collector is told.

use opentelemetry::{
    Key, KeyValue, Value,
    trace::{Link, Status},
};
use opentelemetry_sdk::trace::SpanData;

use super::MOST_EVENTS;
use crate::trace::Trace;

/// The attribute by which a span says which App's it is, until it is exported.
pub(super) const APP: Key = Key::from_static_str("chassis.app");

/// Longer texts are cut.
const LONGEST_TEXT: usize = 1024;

/// Which App's a span is; the process's own, if it does not say.
pub(super) fn app(span: &SpanData) -> i64 {
    let said = span.attributes.iter().find(|said| said.key == APP);
    said.map_or(0, |said| if let Value::I64(app) = said.value { app } else { 0 })
}

/// Makes of the fields that have a meaning here what they mean, and cuts what is long.
pub(super) fn finish(span: &mut SpanData) {
    for KeyValue { key, value, .. } in std::mem::take(&mut span.attributes) {
        match key.as_str() {
            "otel.link" => link(span, &value.as_str()),
            "about" => {
                if let Some((key, value)) = value.as_str().split_once('=') {
                    attribute(span, KeyValue::new(key.to_owned(), value.to_owned()));
                }
            }
            // What lines say besides, and the resource and the span itself say already.
            "chassis.app" | "service" | "style" | "trace_id" => {}
            _ => attribute(span, KeyValue::new(key, value)),
        }
    }
    if let Status::Error { description } = &mut span.status {
        cut(description.to_mut());
    }
    for event in &mut span.events.events {
        cut(event.name.to_mut());
        event.attributes.iter_mut().for_each(|said| cut_value(&mut said.value));
    }
}

/// What was said last counts.
fn attribute(span: &mut SpanData, mut said: KeyValue) {
    cut_value(&mut said.value);
    match span.attributes.iter_mut().find(|known| known.key == said.key) {
        Some(known) => *known = said,
        None => span.attributes.push(said),
    }
}

fn link(span: &mut SpanData, traceparent: &str) {
    let Ok(other) = traceparent.parse::<Trace>() else { return };
    if span.links.links.len() < MOST_EVENTS as usize {
        span.links.links.push(Link::with_context((&other).into()));
    } else {
        span.links.dropped_count += 1;
    }
}

fn cut_value(value: &mut Value) {
    if let Value::String(text) = value
        && text.as_str().len() > LONGEST_TEXT
    {
        let mut shorter = text.as_str().to_owned();
        cut(&mut shorter);
        *text = shorter.into();
    }
}

fn cut(text: &mut String) {
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    }
}
