//! A limit on how many calls are made at a time, fixed or one that finds itself; and what becomes of the calls beyond it.
//!
//! # Rules
//!
//! - **A call is under way** from when it is let through until it is classified: for HTTP at its headers, for gRPC at its trailers, or when it has turned out
//!   to be a stream. A call that is dropped at any moment gives its room back.
//! - **The limit is one** for a layer, its clones, and all services and connections that they are put before.
//! - **Adaptive**, it follows how much slower calls get than they are where nothing waits inside of the service. The rules are below.
//! - **Priorities** have shares of the limit: background calls are shed first; normal ones fill the limit; critical ones find room above it.
//!   Who says how important a request is, is [settable](Prioritize).
//! - **A queue**, if there is one, has a bounded number of places, with the same shares, and a time after which a call has waited in vain. The more important
//!   go first. Among equals it is first come, first served until the first has waited for half of that time, and from then on the last goes first:
//!   when there is more to do than can be done, first come, first served makes everybody late, and those who are
//!   served have hardly any time left. Who leaves the queue frees the place at once.
//! - **Refused** are the others, with [`Why`](crate::Why) as the reason and the policy's `retry_after`.
//! - **Enforced for a share of the calls** only, it can be observed before it is trusted: the others go through, and are counted.
//!
//! # The adaptive limit
//!
//! After each window of calls, with `mean` what they took, and `floor` what calls take where nothing waits inside of the service:
//!
//! ```text
//! gradient = clamp(floor · tolerance / mean, ½, 1)
//! limit    = limit · gradient + √limit
//! ```
//!
//! So it grows by its root while calls are fast, settles where they take somewhat more than `tolerance` times the floor, and
//! cannot fall below 4 by slowness alone. The gradient is that of Netflix's concurrency-limits (`Gradient2Limit`), the
//! root that of Envoy's adaptive concurrency filter.
//!
//! - **Only calls that began in a window count in it**: nothing is decided on what an earlier limit brought about.
//! - **Successes are samples**, unless they are streams. Failures and refusals are none, since they are fast or slow for reasons of their own.
//! - **A service that throttles** a tenth of a window's calls has the limit sink by a tenth. Time-outs can be made to do the same, by a classifier that says
//!   so of them.
//! - **A limit that was not even half used** stays as it is.
//! - **The floor is measured** again every so often, and when the limit has sunk by half; nothing else moves it. For that the limit is lowered to a part of itself at which nothing
//!   can wait inside, for as long as it takes to make so many calls.
//!
//! # Readiness
//!
//! A limit is always ready and answers from `call`, since only there a request's priority is known. It takes nothing in `poll_ready`. A call waits
//! for an inner service that is not ready while it holds its room: were it to wait before that, callers would pile up uncounted.
//!
//! # Cost
//!
//! A call that finds room takes no lock that it would wait for and allocates nothing. A fixed limit reads no clock, an adaptive one reads it twice.

mod future;
mod gate;
mod gradient;
mod handle;
mod layer;
mod line;
mod policy;
mod priority;
mod service;
mod shared;
mod word;

#[cfg(test)]
mod tests;

pub use self::{
    future::ResponseFuture,
    handle::{Handle, Refusals, Snapshot},
    layer::{Builder, ConcurrencyLayer},
    policy::{Adaptive, Limit, Policy, Queue, Shares},
    priority::{OfRequest, Prioritize, Priority},
    service::Concurrency,
    shared::Call,
};
