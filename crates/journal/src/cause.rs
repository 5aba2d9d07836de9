//! Why a transaction happens: handed on from whoever asks to whatever is done for them.

use std::borrow::Cow;

use database::Transaction;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record;

/// Why a transaction happens.
///
/// It goes along with everything that is done for one request: in the headers of a call, in the envelope of a message, in
/// the payload of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What it is all about, an order say: what every message about it calls its correlation id. What is about nothing is in
    /// no journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// The message or the request that this is a reaction to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// On whose behalf; nobody known, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The W3C trace context of whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// How it came here.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
}

/// How something came to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Nobody said.
    #[default]
    #[serde(rename = "u")]
    Unknown,
    /// By a client's request.
    #[serde(rename = "r")]
    Request {
        /// Method and template of the path, never the path itself.
        #[serde(rename = "n")]
        route: Cow<'static, str>,
        /// Whether the client gave a key under which it may repeat the request.
        #[serde(rename = "k", default, skip_serializing_if = "std::ops::Not::not")]
        keyed: bool,
    },
    /// By another service's request, whose [id](Cause::id) is that of the decision to ask: the same however often it asks.
    #[serde(rename = "c")]
    Call {
        /// Method and template of the path.
        #[serde(rename = "n")]
        route: Cow<'static, str>,
    },
    /// By a message, whose id is the [cause's](Cause::id).
    #[serde(rename = "m")]
    Message {
        /// Its type.
        #[serde(rename = "n")]
        kind: Cow<'static, str>,
        /// Who sent it.
        #[serde(rename = "f")]
        from: Cow<'static, str>,
    },
    /// By a task that the service had set itself.
    #[serde(rename = "t")]
    Task {
        /// What it is called.
        #[serde(rename = "n")]
        name: Cow<'static, str>,
        /// How often it had failed before.
        #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
        attempt: u32,
    },
}

impl Origin {
    pub(crate) fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl Cause {
    /// The same, known to be about this subject.
    #[must_use]
    pub fn about(self, subject: Uuid) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// The same, by way of a task.
    #[must_use]
    pub fn by_task(self, name: impl Into<Cow<'static, str>>, attempt: u32) -> Self {
        Self { origin: Origin::Task { name: name.into(), attempt }, ..self }
    }

    /// As a task keeps it.
    #[must_use]
    pub fn to_payload(&self) -> String {
        // A struct of texts always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a task has kept. What cannot be read costs the link to what came before, and nothing else.
    #[must_use]
    pub fn from_payload(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or_default()
    }

    /// The id of the trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.split('-').nth(1)
    }
}

/// Says why what follows in this transaction happens. A transaction that does several things says so before each.
pub fn because(tx: &mut Transaction, cause: &Cause) {
    record::begin(tx, cause.clone());
}

/// Why this part of the transaction happens, if somebody [said](because).
#[must_use]
pub fn cause(tx: &Transaction) -> Option<&Cause> {
    record::current(tx)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(crate) const fn is_zero(number: &u32) -> bool {
    *number == 0
}
