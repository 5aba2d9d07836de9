//! A span as tests look at it.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{self, span::SpanKind, status::StatusCode},
};

/// Names and values, all as text.
pub type Attributes = BTreeMap<String, String>;

/// A span that has arrived, with ids as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What its resource says.
    pub resource: Attributes,
    /// Which trace.
    pub trace_id: String,
    /// Which span.
    pub span_id: String,
    /// Its parent; empty where there is none.
    pub parent_span_id: String,
    /// What it is called.
    pub name: String,
    /// INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER.
    pub kind: &'static str,
    /// What it says.
    pub attributes: Attributes,
    /// What was said meanwhile.
    pub events: Vec<Event>,
    /// The spans that it belongs to without being their child.
    pub links: Vec<String>,
    /// Whether it failed.
    pub is_error: bool,
    /// Why, if it says.
    pub description: String,
    /// When it began, in nanoseconds since the Unix epoch.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
}

/// Something that was said during a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub name: String,
    /// With what.
    pub attributes: Attributes,
}

impl Span {
    /// Whose it is.
    #[must_use]
    pub fn service(&self) -> &str {
        self.resource.get("service.name").map_or("", String::as_str)
    }

    /// An attribute; empty where there is none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

pub(super) fn all(message: ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in message.resource_spans {
        let resource =
            attributes(of_resource.resource.map(|resource| resource.attributes).unwrap_or_default());
        for scope in of_resource.scope_spans {
            spans.extend(scope.spans.into_iter().map(|span| one(&resource, span)));
        }
    }
    spans
}

fn one(resource: &Attributes, span: v1::Span) -> Span {
    let status = span.status.unwrap_or_default();
    let events = span.events.into_iter();
    Span {
        resource: resource.clone(),
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_span_id: hex(&span.parent_span_id),
        name: span.name,
        kind: SpanKind::try_from(span.kind)
            .map_or("", |kind| kind.as_str_name().trim_start_matches("SPAN_KIND_")),
        attributes: attributes(span.attributes),
        events: events
            .map(|event| Event { name: event.name, attributes: attributes(event.attributes) })
            .collect(),
        links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
        is_error: status.code == StatusCode::Error as i32,
        description: status.message,
        began: span.start_time_unix_nano,
        ended: span.end_time_unix_nano,
    }
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
