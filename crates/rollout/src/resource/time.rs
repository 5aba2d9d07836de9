//! Moments, as a status keeps them.

use std::{borrow::Cow, fmt};

use k8s_openapi::jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::Span;

/// A moment, in milliseconds since 1970. It never reads a clock, and its arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// So many milliseconds after the first moment of 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// In milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment so much later.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add_unsigned(span.as_millis()))
    }

    /// How long ago `earlier` was; nothing if it is yet to come.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether `span` has passed since `earlier`.
    #[must_use]
    pub fn is_past(self, earlier: Self, span: Span) -> bool {
        self >= earlier.after(span)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        let timestamp = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX);
        formatter.write_str(&PRINTER.timestamp_to_string(&timestamp))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Self(timestamp.as_millisecond()))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let time = Time::from_millis(1_764_300_000_250);
        let text = serde_json::to_string(&time).expect("a text");
        assert_eq!(text, r#""2025-11-28T03:20:00.250Z""#);
        assert_eq!(serde_json::from_str::<Time>(&text).expect("a moment"), time);
    }
}
