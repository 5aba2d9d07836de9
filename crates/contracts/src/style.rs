//! The styles in which the services talk to each other.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How the services of one system reach each other. A style's name stands in URLs, labels and configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Request and response over HTTP; ordering calls its participants and waits.
    #[default]
    Rest,
    /// Command messages and reply messages over a broker; ordering is driven by the replies.
    Messaging,
    /// Thin events over a broker, on which the others call back; nobody is in charge.
    Notification,
    /// Events that carry the whole changed state, of which the others keep copies; nobody is in charge.
    StateTransfer,
    /// Events in a ledger, which is the only state there is and which everybody follows; nobody is in charge.
    EventSourcing,
}

/// A name that no style has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no style; there are {known}", known = names())]
pub struct UnknownStyle(pub String);

impl Style {
    /// Those that a whole system can be run in.
    pub const ALL: [Self; 5] =
        [Self::Rest, Self::Messaging, Self::Notification, Self::StateTransfer, Self::EventSourcing];

    /// Those in which ordering asks the others, and they answer.
    pub const ORCHESTRATED: [Self; 2] = [Self::Rest, Self::Messaging];

    /// Those in which everybody reacts to what the others report, and nobody is in charge.
    pub const CHOREOGRAPHED: [Self; 3] = [Self::Notification, Self::StateTransfer, Self::EventSourcing];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Messaging => "messaging",
            Self::Notification => "notification",
            Self::StateTransfer => "state-transfer",
            Self::EventSourcing => "event-sourcing",
        }
    }

    /// Whether everybody reacts to what the others report, and nobody is in charge.
    #[must_use]
    pub const fn is_choreographed(self) -> bool {
        matches!(self, Self::Notification | Self::StateTransfer | Self::EventSourcing)
    }
}

fn names() -> String {
    Style::ALL.map(Style::as_str).join(", ")
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Style {
    type Err = UnknownStyle;

    fn from_str(name: &str) -> Result<Self, UnknownStyle> {
        Self::ALL
            .into_iter()
            .find(|style| style.as_str() == name)
            .ok_or_else(|| UnknownStyle(name.to_owned()))
    }
}
