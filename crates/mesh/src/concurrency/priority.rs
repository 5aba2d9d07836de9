//! How important a call is.

use std::fmt;

use http::{HeaderName, HeaderValue, Request};
use serde::{Deserialize, Serialize};

/// How important a call is. As a value it is also the priority of every request, see [`Prioritize`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Nobody waits for it: it is the first to be shed.
    Background,
    /// Somebody waits for it.
    #[default]
    Normal,
    /// Refusing it costs more than making it: probes of health, and what undoes or ends work that was begun.
    Critical,
}

impl Priority {
    /// All of them, the least important first.
    pub const ALL: [Self; 3] = [Self::Background, Self::Normal, Self::Critical];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Normal => "normal",
            Self::Critical => "critical",
        }
    }
}

/// Says how important a request is. Every `Fn(&Request) -> Priority` does, and a [`Priority`] says itself.
pub trait Prioritize<Request> {
    /// How important.
    fn priority(&self, request: &Request) -> Priority;
}

impl<Request> Prioritize<Request> for Priority {
    fn priority(&self, _: &Request) -> Priority {
        *self
    }
}

impl<Request, F: Fn(&Request) -> Priority> Prioritize<Request> for F {
    fn priority(&self, request: &Request) -> Priority {
        self(request)
    }
}

/// By what an HTTP request has with it: an extension of type [`Priority`], which only this process can have put there; else a header, if one
/// is set; else it is [`Priority::Normal`].
///
/// Whoever may set the header may call himself important: set one only where all callers are trusted.
#[derive(Clone, Default)]
pub struct OfRequest {
    header: Option<(HeaderName, Vec<(HeaderValue, Priority)>)>,
}

impl OfRequest {
    /// By the extension alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And by these values of a header. Another value of it says nothing.
    #[must_use]
    pub fn header(
        self,
        name: HeaderName,
        values: impl IntoIterator<Item = (&'static str, Priority)>,
    ) -> Self {
        let value = |(value, priority)| (HeaderValue::from_static(value), priority);
        Self { header: Some((name, values.into_iter().map(value).collect())) }
    }
}

impl<B> Prioritize<Request<B>> for OfRequest {
    fn priority(&self, request: &Request<B>) -> Priority {
        let extension = request.extensions().get().copied();
        let header = || {
            let (name, values) = self.header.as_ref()?;
            let told = request.headers().get(name)?;
            values.iter().find_map(|(value, priority)| (value == told).then_some(*priority))
        };
        extension.or_else(header).unwrap_or_default()
    }
}

impl fmt::Debug for OfRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OfRequest").field("header", &self.header).finish()
    }
}
