//! Deadlines: until when an answer is wanted, carried from whoever asked first to whatever is asked in the end.
//!
//! ```text
//! caller ──grpc-timeout──▶ ServerLayer ──Deadline──▶ handler ──Deadline──▶ ClientLayer ──▶ retry … ──▶ HeaderLayer ──grpc-timeout──▶
//! ```
//!
//! A time-out on the wire says how long; inside it is a [`Deadline`], a moment, which waiting does not move. It reaches a handler as an
//! extension of the request. A handler that makes a request of its own may copy it, and need not: within the handler's task it is
//! [`current`]. An extension goes before that, so what must be done in any case, such as a compensation, is given a deadline of its own.
//! On the way out it is [`current`] within the call, and takes the place of an extension that is there already; [`Deadline::of`] finds it either way. Whatever hands
//! requests to another task, as a `Buffer` does, belongs inside of the [`HeaderLayer`], or gives them the extension.
//!
//! # Rules
//!
//! - **On arrival** ([`ServerLayer`]): `grpc-timeout` and `x-request-timeout-ms` are read; of several the soonest counts, also beside a [`Deadline`]
//!   that the request has already. A caller who says nothing, or nothing that can be read, gets the policy's default; nobody gets more than its
//!   maximum. What has expired is refused, and the inner service not called.
//! - **On departure** ([`ClientLayer`]): an inherited deadline is sooner by the hop margin, in which this service can still say that it got no
//!   answer; no call may take longer than the policy has it. The whole call ends then with [`Exceeded`], with all its tries and, unless it is a stream, its body.
//!   One that has not enough left is refused. Of gRPC, a `grpc-timeout` that the request has itself [counts, too](ClientLayer::by_grpc),
//!   and a body that is cut off ends with the trailers that say so.
//! - **On the wire** ([`HeaderLayer`]): each try says what is left *then*, since waits and earlier tries took their part. Rounded down: nobody down the
//!   line is told more than there is. Headers that came in with a request that is passed on are overwritten. A try that cannot make it any more is not sent.
//! - **An answer that is there goes first**, before a deadline that has passed at the same moment.
//!
//! The timer is armed when the call is first pending; it is part of the call's future, nothing is allocated for it.

mod client;
mod counts;
mod current;
mod header;
mod policy;
mod server;
mod wire;

use std::{fmt, time::Duration};

use http::Request;
use tokio::time::Instant;

pub use self::{
    client::{Client, ClientLayer},
    counts::{ByDeadline, Handle, Snapshot},
    current::{current, scope},
    header::{Header, HeaderLayer},
    policy::{ClientPolicy, ServerPolicy},
    server::{Server, ServerLayer},
    wire::Protocol,
};
use crate::until::after;
pub use crate::until::{OrRefused, Until, UntilBody, UntilWhole};

/// Until when an answer is wanted: a moment of tokio's clock. It is an extension of the requests that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// At this moment.
    #[must_use]
    pub const fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// So long from now; 30 years, if it is longer.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(after(Instant::now(), time))
    }

    /// That of a request: its extension, or else that of the call within which this is asked.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().copied().or_else(current)
    }

    /// The moment.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// How long it is until then; nothing, if it has passed.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }

    /// Sooner by so much.
    #[must_use]
    pub(crate) fn sooner_by(self, margin: Duration) -> Self {
        Self(self.0.checked_sub(margin).unwrap_or(self.0))
    }

    /// Takes the place of the one that a request has, if it has one: what is within the call that it is [`current`] in finds it either way, and an extension takes
    /// three allocations.
    pub(crate) fn replace_in<B>(self, request: &mut Request<B>) {
        if let Some(deadline) = request.extensions_mut().get_mut() {
            *deadline = self;
        }
    }

    /// Gives it to a request, in the place of another.
    pub(crate) fn give_to<B>(self, request: &mut Request<B>) {
        match request.extensions_mut().get_mut() {
            Some(deadline) => *deadline = self,
            None => drop(request.extensions_mut().insert(self)),
        }
    }
}

/// The deadline passed before the answer, or the rest of its body, was there. The call was made; nobody knows what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded(());

impl Exceeded {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the deadline has passed")
    }
}

impl std::error::Error for Exceeded {}
