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
}

/// A name that no style has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no style; there are {known}", known = names())]
pub struct UnknownStyle(pub String);

impl Style {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Rest, Self::Messaging];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Messaging => "messaging",
        }
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
