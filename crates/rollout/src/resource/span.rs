//! Lengths of time as people write them in a manifest.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A length of time in whole milliseconds, such as `10m`, `1h30m` or `500ms`; at most 99 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// What a text lacks to be a [`Span`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSpan(String);

impl fmt::Display for InvalidSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no duration such as `500ms`, `10s`, `5m` or `1h30m`", self.0)
    }
}

impl std::error::Error for InvalidSpan {}

/// The units, in the order in which they are written, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// No more than four numbers of at most four digits, with a unit each: what Go, and so CEL's `duration()`, can read too.
const PATTERN: &str = "^([0-9]{1,4}(h|m|s|ms)){1,4}$";

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn secs(secs: u32) -> Self {
        Self(secs as u64 * 1_000)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn millis(millis: u32) -> Self {
        Self(millis as u64)
    }

    /// In whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Self::from_millis(span.0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, millis) in UNITS {
            if rest >= millis {
                write!(formatter, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let invalid = || InvalidSpan(text.chars().take(32).collect());
        let (mut rest, mut millis) = (text, 0_u64);
        for _ in 0..4 {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = rest.split_at_checked(digits).ok_or_else(invalid)?;
            let unit = after.len() - after.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
            let (unit, after) = after.split_at_checked(unit).ok_or_else(invalid)?;
            let (_, each) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(invalid)?;
            let number: u64 =
                if digits <= 4 { number.parse().map_err(|_| invalid())? } else { return Err(invalid()) };
            millis += number * each;
            rest = after;
            if rest.is_empty() {
                return Ok(Self(millis));
            }
        }
        Err(invalid())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 16, "pattern": PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for (text, millis) in
            [("0s", 0), ("500ms", 500), ("10s", 10_000), ("10m", 600_000), ("1h30m", 5_400_000)]
        {
            let span: Span = text.parse().expect(text);
            assert_eq!((span.as_millis(), span.to_string().as_str()), (millis, text));
        }
    }

    #[test]
    fn what_is_no_span_is_refused_in_a_sentence() {
        for text in ["", "10", "s", "-5s", "1.5s", "10 s", "10d", "12345s", "1s1s1s1s1s", "١s"] {
            let refused = text.parse::<Span>().expect_err(text).to_string();
            assert!(refused.contains("is no duration such as"), "{refused}");
        }
    }
}
