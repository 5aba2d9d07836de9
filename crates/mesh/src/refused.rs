//! What a caller gets whose call was not made.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderMap;

/// A layer did not make the call: the inner service was not asked. Layers box their errors, so look for it by `downcast_ref`, or have
/// it made into an answer of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    why: Why,
    retry_in: Option<Duration>,
    /// Seldom any, and many are made at once where there are: clones share them.
    fields: Option<Arc<HeaderMap>>,
}

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// A circuit breaker is open.
    CircuitOpen,
    /// The caller has used up what it may call.
    RateLimited,
    /// As many calls are under way as the limit allows.
    LimitReached,
    /// Too many calls wait already.
    QueueFull,
    /// It has waited for as long as the queue lets a call wait.
    QueuedTooLong,
    /// It went first, so that more important calls can be made.
    Shed,
    /// What is left of the caller's time is not enough.
    OutOfTime,
    /// There is no endpoint to call.
    NoEndpoint,
}

impl Why {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CircuitOpen => "circuit_open",
            Self::RateLimited => "rate_limited",
            Self::LimitReached => "limit_reached",
            Self::QueueFull => "queue_full",
            Self::QueuedTooLong => "queued_too_long",
            Self::Shed => "shed",
            Self::OutOfTime => "out_of_time",
            Self::NoEndpoint => "no_endpoint",
        }
    }
}

impl Refused {
    /// A refusal, with the time after which another try may be worth it, if that is known.
    #[must_use]
    pub const fn new(why: Why, retry_in: Option<Duration>) -> Self {
        Self { why, retry_in, fields: None }
    }

    /// What its answer says beside the status and when to come again, as header fields: those of the [rate limits](crate::rate_limit) that refused the call or
    /// let it pass before. `None` if there is nothing.
    #[must_use]
    pub fn header_fields(&self) -> Option<&HeaderMap> {
        self.fields.as_deref()
    }

    /// Has its answer say more.
    pub(crate) fn tell(&mut self, add: impl FnOnce(&mut HeaderMap)) {
        add(Arc::make_mut(self.fields.get_or_insert_default()));
    }

    /// Why.
    #[must_use]
    pub const fn why(&self) -> Why {
        self.why
    }

    /// In how long another try may be worth it; `None` if that is not known.
    #[must_use]
    pub const fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    /// The same for a header `Retry-After`: whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_in.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.why {
            Why::CircuitOpen => "the circuit is open",
            Why::RateLimited => "the rate limit is reached",
            Why::LimitReached => "as many calls are under way as the limit allows",
            Why::QueueFull => "the queue is full",
            Why::QueuedTooLong => "the call has waited in the queue for too long",
            Why::Shed => "the load is shed",
            Why::OutOfTime => "what is left of the caller's time is not enough",
            Why::NoEndpoint => "there is no endpoint to call",
        })
    }
}

impl std::error::Error for Refused {}
