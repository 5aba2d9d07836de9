//! Events, before and after they are recorded.

use std::fmt;

use journal::Cause;
use serde::Serialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::StreamName;

/// The longest name of a type, in bytes.
pub const MAX_TYPE: usize = 100;

/// The most JSON that one event may carry, in bytes.
pub const MAX_DATA: usize = 256 * 1024;

/// The longest text in an event's metadata, in bytes.
pub const MAX_METADATA: usize = 256;

/// An event to be appended.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub(crate) id: Uuid,
    pub(crate) kind: Box<str>,
    pub(crate) schema_version: u32,
    pub(crate) data: String,
    pub(crate) effective_at: Option<i64>,
}

/// Why something is no event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The name of its type is empty, too long, or not visible ASCII.
    #[error("the type of an event has 1 to 100 visible ASCII characters")]
    Type,
    /// Versions of types are counted from 1.
    #[error("the version of `{kind}` is 0; they are counted from 1")]
    SchemaVersion {
        /// The type.
        kind: Box<str>,
    },
    /// Its data has no JSON form.
    #[error("the data of `{kind}` is not JSON")]
    Json {
        /// The type.
        kind: Box<str>,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is too large.
    #[error("the data of `{kind}` has {bytes} bytes; {MAX_DATA} are allowed")]
    TooLarge {
        /// The type.
        kind: Box<str>,
        /// How many bytes it has.
        bytes: usize,
    },
}

impl NewEvent {
    /// An event of the type `kind` in its version `schema_version`, counted from 1.
    ///
    /// The id is what makes an append idempotent: made once per decision, not once per attempt at telling of it.
    ///
    /// # Errors
    /// See [`Invalid`].
    pub fn new(id: Uuid, kind: &str, schema_version: u32, data: &impl Serialize) -> Result<Self, Invalid> {
        let data =
            serde_json::to_string(data).map_err(|source| Invalid::Json { kind: kind.into(), source })?;
        Self::unchecked(id, kind, schema_version, data)
    }

    /// As [`new`](Self::new), of data that is JSON already.
    ///
    /// # Errors
    /// See [`Invalid`].
    pub fn from_json(id: Uuid, kind: &str, schema_version: u32, data: String) -> Result<Self, Invalid> {
        serde_json::from_str::<IgnoredAny>(&data)
            .map_err(|source| Invalid::Json { kind: kind.into(), source })?;
        Self::unchecked(id, kind, schema_version, data)
    }

    /// Of data that is known to be JSON.
    pub(crate) fn unchecked(
        id: Uuid,
        kind: &str,
        schema_version: u32,
        data: String,
    ) -> Result<Self, Invalid> {
        if kind.is_empty() || kind.len() > MAX_TYPE || !kind.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Invalid::Type);
        }
        let kind: Box<str> = kind.into();
        if schema_version == 0 {
            return Err(Invalid::SchemaVersion { kind });
        }
        if data.len() > MAX_DATA {
            return Err(Invalid::TooLarge { kind, bytes: data.len() });
        }
        Ok(Self { id, kind, schema_version, data, effective_at: None })
    }

    /// The same, effective from another instant than that at which it is recorded: a correction, say. Microseconds since
    /// the Unix epoch; it may be in the past or in the future.
    #[must_use]
    pub fn effective_at(self, micros: i64) -> Self {
        Self { effective_at: Some(micros), ..self }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }
}

/// Where an event comes from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// On whose behalf; at most [`MAX_METADATA`] bytes.
    pub actor: Option<String>,
    /// The W3C trace context of whoever asked; at most [`MAX_METADATA`] bytes.
    pub traceparent: Option<String>,
    /// The event, message or request to which this is the reaction.
    pub causation_id: Option<Uuid>,
    /// What all that belongs together shares.
    pub correlation_id: Option<Uuid>,
}

impl Metadata {
    /// Of what happens in a transaction for this reason.
    #[must_use]
    pub fn because(cause: &Cause) -> Self {
        Self {
            actor: cause.actor.clone(),
            traceparent: cause.traceparent.clone(),
            causation_id: cause.id,
            correlation_id: cause.subject,
        }
    }

    pub(crate) fn is_bounded(&self) -> bool {
        let texts = [&self.actor, &self.traceparent];
        texts.into_iter().flatten().all(|text| text.len() <= MAX_METADATA)
    }
}

/// An event that is in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place among all events, from 1 upwards. There may be gaps.
    pub position: u64,
    /// Its stream.
    pub stream: StreamName,
    /// Its place in the stream, from 1 upwards without a gap.
    pub version: u64,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub kind: String,
    /// The version of its type that its data is in.
    pub schema_version: u32,
    /// When it was recorded, in microseconds since the Unix epoch; never before the event before it.
    pub recorded_at: i64,
    /// From when on it counts, in microseconds since the Unix epoch.
    pub effective_at: i64,
    /// Where it comes from.
    pub metadata: Metadata,
    /// Its data, JSON.
    pub data: String,
}

/// Without data, which may be about a person.
impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("schema_version", &self.schema_version)
            .field("effective_at", &self.effective_at)
            .finish_non_exhaustive()
    }
}

/// Without the actor, who may be a person.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("traceparent", &self.traceparent)
            .field("causation_id", &self.causation_id)
            .field("correlation_id", &self.correlation_id)
            .finish_non_exhaustive()
    }
}

/// Without data, which may be about a person.
impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("position", &self.position)
            .field("stream", &self.stream)
            .field("version", &self.version)
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("schema_version", &self.schema_version)
            .field("recorded_at", &self.recorded_at)
            .field("effective_at", &self.effective_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_is_refused() {
        let of = |kind: &str, version, data: &str| {
            NewEvent::from_json(Uuid::nil(), kind, version, data.to_owned())
        };
        assert!(matches!(of("", 1, "{}"), Err(Invalid::Type)));
        assert!(matches!(of("a b", 1, "{}"), Err(Invalid::Type)));
        assert!(matches!(of(&"a".repeat(101), 1, "{}"), Err(Invalid::Type)));
        assert!(matches!(of("a", 0, "{}"), Err(Invalid::SchemaVersion { .. })));
        assert!(matches!(of("a", 1, "{"), Err(Invalid::Json { .. })));
        let large = format!("\"{}\"", "x".repeat(MAX_DATA - 1));
        assert!(matches!(of("a", 1, &large), Err(Invalid::TooLarge { bytes, .. }) if bytes == MAX_DATA + 1));
    }

    #[test]
    fn nothing_personal_is_in_a_log() {
        let event = NewEvent::new(Uuid::nil(), "registered", 1, &"Ada").unwrap();
        let metadata = Metadata { actor: Some("Ada".to_owned()), ..Metadata::default() };
        assert!(!format!("{event:?} {metadata:?}").contains("Ada"));
    }
}
