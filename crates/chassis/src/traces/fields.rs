//! From a span's fields to what the protocol knows of a span.

use std::fmt;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{
        Span, Status,
        span::{Link, SpanKind},
        status::StatusCode,
    },
};
use tracing::field::{Field, Visit};

use super::app::{pair, text};
use crate::trace::Trace;

/// More attributes than this are dropped, and counted in the span.
const MOST_ATTRIBUTES: usize = 64;

/// More links than this are dropped, and counted in the span.
const MOST_LINKS: usize = 32;

/// Longer texts are cut.
const LONGEST_TEXT: usize = 1024;

/// Writes a span's fields into it.
pub(super) struct Fields<'a>(pub(super) &'a mut Span);

impl Fields<'_> {
    fn attribute(&mut self, attribute: KeyValue) {
        let span = &mut *self.0;
        if let Some(known) = span.attributes.iter_mut().find(|known| known.key == attribute.key) {
            *known = attribute;
        } else if span.attributes.len() < MOST_ATTRIBUTES {
            span.attributes.push(attribute);
        } else {
            span.dropped_attributes_count += 1;
        }
    }

    fn text(&mut self, name: &str, value: String) {
        match name {
            "otel.name" => self.0.name = value,
            "otel.kind" => self.0.kind = kind(&value) as i32,
            "otel.status_code" => self.status().code = code(&value) as i32,
            "otel.status_description" => self.status().message = cut(value),
            "otel.link" => self.link(&value),
            // What lines say besides, and the resource and the span itself say already.
            "service" | "style" | "trace_id" => {}
            "about" => {
                if let Some((key, value)) = value.split_once('=') {
                    self.attribute(text(key, value));
                }
            }
            name => self.attribute(text(name, cut(value))),
        }
    }

    fn status(&mut self) -> &mut Status {
        self.0.status.get_or_insert_default()
    }

    fn link(&mut self, traceparent: &str) {
        let Ok(other) = traceparent.parse::<Trace>() else { return };
        if self.0.links.len() >= MOST_LINKS {
            self.0.dropped_links_count += 1;
            return;
        }
        self.0.links.push(Link {
            trace_id: other.trace_id_bytes().to_vec(),
            span_id: other.span_id_bytes().to_vec(),
            ..Link::default()
        });
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attribute(pair(field.name(), Value::DoubleValue(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attribute(pair(field.name(), Value::IntValue(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.attribute(pair(field.name(), Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX))));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.attribute(pair(field.name(), Value::BoolValue(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), format!("{value:?}"));
    }
}

/// Writes down what a log line says, as an event of a span.
#[derive(Default)]
pub(super) struct Said {
    pub(super) message: String,
    pub(super) attributes: Vec<KeyValue>,
}

impl Visit for Said {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes.push(pair(field.name(), Value::IntValue(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.attributes.push(pair(field.name(), Value::BoolValue(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = cut(value.to_owned()),
            name => self.attributes.push(text(name, cut(value.to_owned()))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Whose a span is, by the fields that the span of a request or of a part of an App has.
#[derive(Default)]
pub(super) struct Home {
    pub(super) service: Option<String>,
    pub(super) style: Option<String>,
}

impl Visit for Home {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "service" => self.service = Some(format!("{value:?}")),
            "style" => self.style = Some(format!("{value:?}")),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

fn kind(name: &str) -> SpanKind {
    match name {
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn code(name: &str) -> StatusCode {
    match name {
        "ERROR" => StatusCode::Error,
        "OK" => StatusCode::Ok,
        _ => StatusCode::Unset,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    }
    text
}
