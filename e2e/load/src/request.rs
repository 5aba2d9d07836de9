//! What became of a request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One request, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The name of its target.
    pub target: String,
    /// How it was sent.
    pub mode: Mode,
    /// When its connection began to be opened, in microseconds since the generator began.
    pub opened: u64,
    /// When it began, in the same microseconds. A fresh connection is opened within the request.
    pub start: u64,
    /// When it ended, in the same microseconds.
    pub end: u64,
    /// What it was answered, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The version that answered, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Over a connection of its own.
    Fresh,
    /// Over a connection that is used at least once a second.
    KeepAlive,
    /// Over a connection of its own, with an answer that takes a while.
    Stream,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Nobody listened.
    Refused,
    /// The connection could not be opened for another reason.
    Unreachable,
    /// It could not be opened, or nothing came over it, for as long as a request may take.
    Timeout,
    /// The connection ended before the first byte of an answer.
    ResetBeforeFirstByte,
    /// The connection ended within the answer.
    Cut,
    /// The answer's status says that it failed.
    Status,
    /// It was not sent, since too many are under way.
    Unsent,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::ResetBeforeFirstByte => "reset before the first byte",
            Self::Cut => "cut",
            Self::Status => "status",
            Self::Unsent => "unsent",
        })
    }
}
