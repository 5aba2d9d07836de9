//! What a transaction did.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cause::is_zero;

/// The longest explanation that is kept, in bytes.
const MAX_DETAIL: usize = 300;

/// One thing that a transaction did, or was told by a call that ended.
///
/// Names are short in JSON, since an order leaves a hundred of these. None of the texts may hold personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What kind of thing.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// Which of its kind: the command, the event, the type of the message, the route, the step, the task.
    #[serde(rename = "n")]
    pub name: Cow<'static, str>,
    /// What became of it.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Cow<'static, str>>,
    /// What others know it by: the id of the message, or of the decision to ask. They have it as the
    /// [id of their cause](crate::Cause::id).
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none", with = "simple")]
    pub link: Option<Uuid>,
    /// With whom: the topic of a message, the callee of a call.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Cow<'static, str>>,
    /// How often it had failed before.
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// When it began, if that was before the transaction: microseconds since the Unix epoch.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub started: Option<i64>,
    /// How long it took, in microseconds.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
    /// How many bytes travelled.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The version that an event brought its aggregate to.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// More about it: why it was refused or failed, in words that may leave the system; the id of an aggregate that is not the subject.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Cow<'static, str>>,
}

/// What kind of thing a transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A command was decided.
    #[serde(rename = "c")]
    Command,
    /// Something happened to an aggregate.
    #[serde(rename = "e")]
    Event,
    /// A message was put into the outbox.
    #[serde(rename = "m")]
    Message,
    /// A call to somebody else ended.
    #[serde(rename = "x")]
    Call,
    /// A saga took a step.
    #[serde(rename = "s")]
    Saga,
    /// Something failed, and is to be tried again.
    #[serde(rename = "r")]
    Retry,
}

impl Entry {
    /// Nothing but its kind and its name.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            name: name.into(),
            outcome: None,
            link: None,
            peer: None,
            attempt: 0,
            started: None,
            took_us: None,
            bytes: None,
            version: None,
            detail: None,
        }
    }

    /// A command that was carried out; `changed` says whether it made a difference.
    #[must_use]
    pub fn command(name: &'static str, changed: bool) -> Self {
        Self::new(Kind::Command, name).with_outcome(if changed { "done" } else { "unchanged" })
    }

    /// A command that was refused.
    #[must_use]
    pub fn refusal(name: &'static str, why: impl Into<String>) -> Self {
        Self::new(Kind::Command, name).with_outcome("refused").with_detail(why)
    }

    /// A message that was put into the outbox for a topic.
    #[must_use]
    pub fn message(id: Uuid, kind: &str, topic: &str, bytes: usize) -> Self {
        let (link, peer, bytes) = (Some(id), Some(topic.to_owned().into()), Some(bytes as u64));
        Self { link, peer, bytes, ..Self::new(Kind::Message, kind.to_owned()) }
    }

    /// A call that ended: begun at `started` (microseconds since the Unix epoch) and over after `took_us`.
    #[must_use]
    pub fn call(peer: &'static str, route: impl Into<Cow<'static, str>>, started: i64, took_us: u64) -> Self {
        let (peer, started, took_us) = (Some(peer.into()), Some(started), Some(took_us));
        Self { peer, started, took_us, ..Self::new(Kind::Call, route) }
    }

    /// With this outcome.
    #[must_use]
    pub fn with_outcome(self, outcome: impl Into<Cow<'static, str>>) -> Self {
        Self { outcome: Some(outcome.into()), ..self }
    }

    /// With what others know it by.
    #[must_use]
    pub fn linked(self, link: Option<Uuid>) -> Self {
        Self { link, ..self }
    }

    /// With an explanation, of which so much is kept as fits.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        detail.truncate(detail.floor_char_boundary(MAX_DETAIL));
        Self { detail: Some(detail.into()), ..self }
    }
}

/// An id without its dashes.
pub(crate) mod simple {
    use serde::{Deserialize, Deserializer, Serializer};
    use uuid::Uuid;

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub(crate) fn serialize<S: Serializer>(id: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.serialize_str(id.simple().encode_lower(&mut Uuid::encode_buffer())),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
        Option::deserialize(deserializer)
    }
}
