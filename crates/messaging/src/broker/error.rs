//! What can go wrong with a broker.

use std::fmt;
use std::time::Duration;

/// Why something failed further down.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why messages were not confirmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Nobody can be reached, or what was sent could not be made durable.
    #[error("publishing to `{topic}`")]
    Unavailable {
        /// The topic.
        topic: String,
        /// What failed.
        #[source]
        source: Cause,
    },
    /// There was no room for as long as a publisher may wait.
    #[error("`{topic}` is full: no room within {waited:?}")]
    Full {
        /// The topic.
        topic: String,
        /// How long the publisher waited.
        waited: Duration,
    },
    /// All but these were confirmed.
    #[error("{} messages to `{topic}` were not confirmed, the first at index {}", failures.len(),
            failures.first().map_or(0, |failure| failure.index))]
    Partly {
        /// The topic.
        topic: String,
        /// At least one, by ascending index.
        failures: Vec<Failure>,
    },
}

/// A message that was not confirmed.
#[derive(Debug)]
pub struct Failure {
    /// Where in the batch it is.
    pub index: usize,
    /// Why it was not confirmed.
    pub cause: Cause,
}

/// A message was not sent since an earlier one of its key could not be.
#[derive(Debug, thiserror::Error)]
#[error("held back by an earlier message of its key")]
pub struct HeldBack;

/// A message is larger than its broker takes.
#[derive(Debug, thiserror::Error)]
#[error("{bytes} bytes are too large: at most {max} are taken")]
pub struct TooLarge {
    /// Its size.
    pub bytes: usize,
    /// The largest size.
    pub max: usize,
}

/// What a broker failed to do for a consumer.
#[derive(Debug, thiserror::Error)]
#[error("{action} `{topic}`")]
pub struct Error {
    /// What was to be done.
    pub action: Action,
    /// With which topic.
    pub topic: String,
    /// What failed.
    #[source]
    pub source: Cause,
}

/// What a consumer asks of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// [`Broker::register`](super::Broker::register).
    Register,
    /// [`Broker::subscribe`](super::Broker::subscribe).
    Subscribe,
    /// [`Subscription::receive`](super::Subscription::receive).
    Receive,
    /// [`Subscription::ack`](super::Subscription::ack).
    Ack,
    /// [`Broker::serve`](super::Broker::serve).
    Serve,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Register => "registering a group of",
            Self::Subscribe => "subscribing to",
            Self::Receive => "receiving from",
            Self::Ack => "acknowledging messages of",
            Self::Serve => "serving",
        })
    }
}

/// Why there was no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Nobody serves the topic.
    #[error("nobody serves `{topic}`")]
    NoServer {
        /// The topic.
        topic: String,
    },
    /// Whoever serves the topic has too many requests waiting.
    #[error("`{topic}` has too many requests waiting")]
    Busy {
        /// The topic.
        topic: String,
    },
    /// No reply came before the deadline.
    #[error("no reply from `{topic}` before the deadline")]
    TimedOut {
        /// The topic.
        topic: String,
    },
    /// The request or its reply was lost, or it was left unanswered.
    #[error("the request to `{topic}` was lost")]
    Lost {
        /// The topic.
        topic: String,
    },
}

impl RequestError {
    /// As spans name it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::NoServer { .. } => "no_server",
            Self::Busy { .. } => "busy",
            Self::TimedOut { .. } => "timeout",
            Self::Lost { .. } => "lost",
        }
    }
}
