//! How the service is reached by ordering, and how it answers: the only place where two styles differ.

pub mod rest;

use std::{fmt, str::FromStr};

/// A style that this service can run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Request and response over HTTP.
    #[default]
    Rest,
}

impl Style {
    /// Its name in paths, labels and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Style::Rest => "rest",
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Style {
    type Err = UnknownStyle;

    fn from_str(name: &str) -> Result<Self, UnknownStyle> {
        match name {
            "rest" => Ok(Style::Rest),
            _ => Err(UnknownStyle),
        }
    }
}

/// Not the name of a style that this service can run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `rest`")]
pub struct UnknownStyle;
