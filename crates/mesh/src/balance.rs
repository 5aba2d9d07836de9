//! A balancer: one service that is many endpoints, each call of which goes to one that is likely to answer soon.
//!
//! # Which endpoint
//!
//! - **The better one of two** that are chosen by chance (Mitzenmacher: The power of two choices, 2001). What counts is how long an endpoint takes to answer, times
//!   the calls under way and one. A slower answer counts at once, a faster one as the slower ones are forgotten (Finagle's peak EWMA).
//! - **Who was not heard of** is taken to be as usual: a new endpoint has no time of its own, and one that was slow long ago is tried again.
//!   So neither is starved, and neither looks better than the others, which would flood it.
//! - **A failure counts as slow**, else an endpoint that fails fast would get all calls. A call that is given up counts as at least as slow as that took.
//! - **Slow start**: an endpoint that joins others, or returns, is passed over by chance while its share grows.
//! - **Sessions**, if they are wanted: the same endpoint for the same header, for as long as it is there and well.
//!
//! # Which endpoints
//!
//! - A task follows the set of endpoints and **changes the pool at once, also when there are no calls**. Endpoints that are about to leave are used if none is ready. Who stays in
//!   the set keeps what is known of it. Once the source has ended, the last set stays.
//! - **Each endpoint has a breaker.** One that is not closed gets nothing but its probes, and a probe that is due goes before any choice. Errors of calls
//!   that die together count once: see [`Policy::together`].
//! - **Ejections**, after consecutive failures or for a share of successes far below the others', are at most min(n − 1, max(1, ⌊n · percent⌋)), counted
//!   with the one in question. Open breakers count towards that and are not limited by it. Each ejection lasts longer than the one before; healthy intervals
//!   are forgiven.
//! - **Panic**: with too few eligible, ejections and slow start are ignored, since it is more likely that the rules are wrong than that all endpoints are bad. An
//!   open breaker is never ignored: if all are open, calls are refused at once, with the time of the next probe.
//! - **No endpoint** is no fault of a breaker: such calls are refused as [`Why::NoEndpoint`](crate::Why::NoEndpoint).
//!
//! # Readiness
//!
//! The balancer is ready as soon as it is known which endpoints there are. An endpoint is chosen neither in `poll_ready` nor in `call`, but when the call's future
//! is first polled: what was known when somebody asked for readiness may be wrong by the time they call, and who never calls reserves nothing. The future clones the endpoint's
//! service, polls that clone ready and calls the same one, so no readiness is stale. Is the endpoint not ready at once, a second one is asked, too, and
//! whichever is ready first is called; the other one is let go. So a call waits on two endpoints at most, however many there are, and all that are chosen are
//! driven by the calls that wait for them.
//!
//! An endpoint is held by its value, not by its place in a list: whatever becomes of the set meanwhile, a call goes where it was meant to go.
//!
//! # Cost
//!
//! A choice takes no lock: it loads the set, a number by chance, and three words of each of two endpoints. Changes are made under a lock that only changes take,
//! and put a new set where calls look.

mod asking;
mod builder;
mod call;
mod choices;
mod counters;
mod estimate;
mod event;
mod follow;
mod future;
mod handle;
mod member;
mod outlier;
mod policy;
mod pool;
mod service;
mod session;

#[cfg(test)]
mod tests;

pub use self::{
    builder::Builder,
    call::Call,
    event::{Change, Event, Reason, Spared},
    future::ResponseFuture,
    handle::{EndpointSnapshot, Handle, LISTED, Snapshot},
    outlier::{Outlier, SuccessRate},
    policy::{Policy, SlowStart},
    service::Balance,
    session::{ByHeader, NoSessions, Session},
};
