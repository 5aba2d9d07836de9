//! What is sent: a CloudEvents 1.0 event with the attributes that delivery, tracing and order need.

mod data;
mod json;

use journal::{Cause, Origin};
use uuid::Uuid;

pub use data::Data;
pub use json::{CONTENT_TYPE, Error, UNREADABLE};

use crate::Tally;
use crate::partition::{Hasher, partition};

/// A message: a command, a reply, an event or a request.
///
/// Times are microseconds since the Unix epoch, UTC. The name of each attribute in CloudEvents is given where it
/// differs from the field's. Personal data belongs into [`data`](Self::data) only: everything else may appear in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What it is known by: whoever receives it twice recognises it by this.
    pub id: Uuid,
    /// Which service made it, such as `/customers`. All messages of one outbox have the same source.
    pub source: String,
    /// `type`: what it is, such as `order.placed`. The part before the first dot names the type of the aggregate.
    pub kind: String,
    /// The id of the aggregate that it is about.
    pub subject: String,
    /// When what it tells happened.
    pub time: i64,
    /// `dataversion`: the version of the payload's schema, from 1.
    pub data_version: u32,
    /// `partitionkey`: messages with the same key are delivered in the order they were sent in.
    pub partition_key: String,
    /// The W3C trace context of who sent it.
    pub traceparent: Option<String>,
    /// `correlationid`: what all messages of one undertaking have in common.
    pub correlation_id: Option<Uuid>,
    /// `causationid`: the message or request that it is a reaction to.
    pub causation_id: Option<Uuid>,
    /// When it is no longer of use to whoever asked.
    pub deadline: Option<i64>,
    /// On whose behalf it was sent.
    pub actor: Option<String>,
    /// The aggregate's version after the event that it tells of, from 1.
    pub version: Option<u64>,
    /// `previousversion`: the aggregate's version in the message before this one on the same topic.
    pub previous_version: Option<u64>,
    /// What its producer had put into the same topic and partition once this message was in; set by the outbox.
    pub tally: Option<Tally>,
    /// The payload.
    pub data: Data,
}

impl Envelope {
    /// A message about `subject`, which is its partition key too. The optional attributes are unset.
    #[must_use]
    pub fn new(id: Uuid, source: &str, kind: &str, subject: &str, time: i64, data: Data) -> Self {
        Self {
            id,
            source: source.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            time,
            data_version: 1,
            partition_key: subject.to_owned(),
            traceparent: None,
            correlation_id: None,
            causation_id: None,
            deadline: None,
            actor: None,
            version: None,
            previous_version: None,
            tally: None,
            data,
        }
    }

    /// As part of what a transaction does: for the same actor, in the same trace, and a reaction to the same request or
    /// message.
    #[must_use]
    pub fn caused_by(mut self, cause: Option<&Cause>) -> Self {
        if let Some(Cause { subject, id, actor, traceparent, .. }) = cause {
            (self.correlation_id, self.causation_id) = (*subject, *id);
            self.actor.clone_from(actor);
            self.traceparent.clone_from(traceparent);
        }
        self
    }

    /// As what is sent because of another message, for the same actor and in the same trace.
    #[must_use]
    pub fn in_reply_to(self, message: &Envelope) -> Self {
        self.caused_by(Some(&message.into()))
    }

    /// The virtual partition of its key.
    #[must_use]
    pub fn partition(&self) -> u8 {
        partition(&self.partition_key)
    }

    /// The type of the aggregate: what stands before the first dot of [`kind`](Self::kind).
    #[must_use]
    pub fn aggregate_type(&self) -> &str {
        self.kind.split_once('.').map_or(&self.kind, |(aggregate, _)| aggregate)
    }

    /// A hash, below 2^62, of all that must arrive as it was sent: id, source, type, subject, key, version and
    /// payload. Trace context and tally may change on the way.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let hash = Hasher::new()
            .bytes(self.id.as_bytes())
            .piece(self.source.as_bytes())
            .piece(self.kind.as_bytes())
            .piece(self.subject.as_bytes())
            .piece(self.partition_key.as_bytes())
            .bytes(&self.version.unwrap_or(0).to_le_bytes())
            .piece(self.data.as_str().as_bytes());
        hash.finish() % Tally::MODULUS
    }
}

/// What a message is the cause of.
impl From<&Envelope> for Cause {
    fn from(message: &Envelope) -> Self {
        let from = message.source.trim_start_matches('/').to_owned().into();
        Self {
            subject: message.correlation_id,
            id: Some(message.id),
            actor: message.actor.clone(),
            traceparent: message.traceparent.clone(),
            origin: Origin::Message { kind: message.kind.clone().into(), from },
        }
    }
}
