//! A log line as one flat JSON object: time, level, target and message, the fields of the event, and those of
//! the spans around it, where the inner one wins.

use std::{
    fmt,
    io::{self, Write},
};

use serde::{Serialize, Serializer};
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
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut object = Object { writer, is_open: false, written: Ok(()) };
        fields.record(&mut object);
        object.close()
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// Writes fields as a JSON object, piece by piece: every request and message has a span, and few of them a line.
struct Object<'a> {
    writer: Writer<'a>,
    is_open: bool,
    written: fmt::Result,
}

impl Object<'_> {
    fn set(&mut self, name: &str, value: &impl Serialize) {
        let before = if self.is_open { ',' } else { '{' };
        self.is_open = true;
        if self.written.is_ok() {
            self.written = self.write(before, name, value).map_err(|_| fmt::Error);
        }
    }

    fn shown(&mut self, field: &Field, value: &impl Serialize) {
        if is_shown(field) {
            self.set(field.name(), value);
        }
    }

    fn write(&mut self, before: char, name: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
        let mut out = Text(&mut self.writer);
        write!(out, "{before}").map_err(serde_json::Error::io)?;
        serde_json::to_writer(&mut out, name)?;
        out.write_all(b":").map_err(serde_json::Error::io)?;
        serde_json::to_writer(&mut out, value)
    }

    fn close(mut self) -> fmt::Result {
        self.written?;
        if self.is_open { self.writer.write_char('}') } else { Ok(()) }
    }
}

impl Visit for Object<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.shown(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.shown(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.shown(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.shown(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.shown(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "about" {
            let text = format!("{value:?}");
            let (name, value) = named(field, &text);
            self.set(name, &value);
        } else {
            self.shown(field, &Debugged(value));
        }
    }
}

/// As text, without making one first.
struct Debugged<'a>(&'a dyn fmt::Debug);

impl Serialize for Debugged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

/// JSON goes where text does.
struct Text<'a, 'w>(&'a mut Writer<'w>);

impl Write for Text<'_, '_> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(json).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.0.write_str(text).map_err(io::Error::other)?;
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of a field and its value: what the work is about has a name of its own, see `trace::about`.
fn named<'a>(field: &'a Field, text: &'a str) -> (&'a str, &'a str) {
    match text.split_once('=') {
        Some(named) if field.name() == "about" => named,
        _ => (field.name(), text),
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
        if is_shown(field) {
            let (name, value) = named(field, &text);
            self.0.insert(name.to_owned(), value.into());
        }
    }
}
