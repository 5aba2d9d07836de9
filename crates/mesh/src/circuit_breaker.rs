//! A circuit breaker: calls that would most likely fail are refused at once, until probes say that the service is well again.
//!
//! ```text
//!            too many failures, or slow calls            the back-off is over
//! CLOSED ────────────────────────────────────▶ OPEN ──────────────────────────▶ HALF-OPEN
//!    ▲                                          ▲                                   │
//!    │                                          └─────── a probe fails, or is slow ─┤
//!    └──────────────────────── as many probes as the policy asks for have succeeded ┘
//! ```
//!
//! # Rules
//!
//! - **Trip**: on consecutive failures, on the share of failures, or on the share of slow calls, whichever comes first. The shares are over
//!   a sliding window of buckets and need a minimum of calls. Only a call that failed or was slow can trip.
//! - **What counts**: a refusal (4xx) is a success here. A throttled call counts as nothing, unless the policy says it fails; as a probe it
//!   fails. A cancelled call counts as nothing. What began before the state last changed counts as nothing either.
//! - **Open** for a back-off that doubles from one failed probe to the next, longer by a random part; at least as long as `Retry-After` asks. A breaker
//!   that trips again before it was closed for as long as its last back-off goes on with the next one.
//! - **Half-open**, a bounded number of calls is let through. Each is a lease: a probe that is dropped, cancelled or not
//!   heard of until its deadline gives its place back. Successes and places held are never more than the policy's `probes`.
//! - **Modes** go before the states: see [`Mode`].
//!
//! # Readiness
//!
//! An open breaker is always ready, does not ask the inner service, and answers from `call` with [`Refused`](crate::Refused): an error from `poll_ready` would
//! end a `Buffer`, and a wait would hide that the circuit is open. A lease is taken in `call`, never reserved. While the breaker is not closed, only as many callers as
//! there are probes wait for an inner service that is not ready; a change of state wakes whoever waits.
//!
//! # Cost
//!
//! Threads count in lanes of their own, which are added up when a call that failed or was slow may trip the breaker: threads that call at once do not wait for each other's writes.
//! Closed, a call takes no lock and allocates nothing. The clock is read once where shares are looked at, once more for slow calls, and not at all
//! where only consecutive failures count and none was.

mod backoff;
mod breaker;
mod event;
mod future;
mod handle;
mod layer;
mod places;
mod policy;
mod service;
mod shared;
mod ticket;
mod window;
mod word;

#[cfg(test)]
mod tests;

pub use self::{
    event::{Reason, Transition},
    future::ResponseFuture,
    handle::{Handle, Snapshot},
    layer::{Builder, CircuitBreakerLayer},
    policy::{Backoff, Policy, SlowCalls},
    service::CircuitBreaker,
    shared::Call,
    word::{Mode, State},
};
