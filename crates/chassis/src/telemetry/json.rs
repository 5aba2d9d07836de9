//! A log line as one flat JSON object: time, level, target and message, the fields of the event, and those of
//! the spans around it, where the inner one wins.

use std::fmt;

use serde_json::{Deserializer, Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::{LookupSpan, Scope},
};

use super::shown::is_shown;

/// How spans keep their fields until a line needs them: one JSON object after the other, of those that it began with and of
/// those that were added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept;

impl<'writer> FormatFields<'writer> for Kept {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut kept = Map::new();
        fields.record(&mut Fields(&mut kept));
        if kept.is_empty() {
            return Ok(());
        }
        writer.write_str(&serde_json::to_string(&kept).map_err(|_| fmt::Error)?)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// Formats lines.
pub(super) struct Lines {
    service: &'static str,
}

impl Lines {
    pub(super) fn new(service: &'static str) -> Self {
        Lines { service }
    }
}

impl<S> FormatEvent<S, Kept> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Kept>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        line.insert("service".to_owned(), self.service.into());
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let Some(kept) = extensions.get::<FormattedFields<Kept>>() else { continue };
            let objects = Deserializer::from_str(&kept.fields).into_iter::<Map<String, Value>>();
            objects.flatten().for_each(|fields| line.extend(fields));
        }
        event.record(&mut Fields(&mut line));
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// Collects the fields of an event or of a span.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        if is_shown(field) {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match text.split_once('=') {
            // What the work is about, which has a name of its own: see `trace::about`.
            Some((name, value)) if field.name() == "about" => {
                self.0.insert(name.to_owned(), value.into());
            }
            _ => self.set(field, text),
        }
    }
}
