//! Retries: a call that failed is made again, where that does no harm and the traffic can bear it.
//!
//! # Rules
//!
//! - **What is retried**: a failure and a throttled call, as the classifier has it. A refusal by the server (4xx) is its answer. Of a gRPC call whose code will come after
//!   a body nothing is known when the answer begins, and it is passed on.
//! - **Only what is safe**: a method that is idempotent, a request with an `Idempotency-Key`, a route whose policy says so; or an answer that
//!   says that nothing was done: a status or gRPC code of [`Unprocessed`], and always a stream that was refused (`REFUSED_STREAM`), one past a `GOAWAY`, and
//!   a connection that was refused.
//! - **A budget**: further attempts are a share of the traffic, see [`budget`](crate::budget). It is asked last, so that what is not sent for another reason costs nothing.
//! - **A refusal of ours** ([`Refused`](crate::Refused)), such as that of an open breaker further in, is no call: it is passed on at once, counts neither as a first
//!   attempt nor as a further one, and is not retried.
//! - **Back-off**: exponential, with full jitter: any time from nothing to `first` doubled once for each attempt, up to `longest` (Marc Brooker, Exponential Backoff
//!   And Jitter, 2015). What the server asks for by `Retry-After` or `grpc-retry-pushback-ms` is waited for before that; if it asks for longer than
//!   the policy's limit, or never to be tried again, its answer is passed on.
//! - **The caller's deadline**: if the back-off would end past it, the answer is passed on at once.
//! - **The body** is kept while the first attempt sends it. Beyond the limit the attempt goes on and nothing is kept; there is then no retry.
//! - **Further attempts are marked** by [`ATTEMPT_HEADER`] and for gRPC by [`GRPC_ATTEMPTS_HEADER`] as well.
//!
//! # Readiness
//!
//! The service that was polled ready makes the first attempt. A clone of it, which is polled ready only when it is needed, makes the others: nothing is
//! reserved for retries that never are. Retries belong outside of the breaker.
//!
//! # Bodies
//!
//! A request's body has to be one of [`Bytes`](bytes::Bytes) that is `Unpin`, as axum's, tonic's and those of `http-body-util` are; the service gets it as a [`Replay`].
//!
//! # Cost
//!
//! Where nothing is to be retried: one read of the clock, and a clone of the request's head and of the service. With one attempt in the policy, or with a body that is too
//! long from the beginning, nothing is cloned.

mod decide;
mod future;
mod handle;
mod layer;
mod policy;
mod service;
mod unprocessed;

pub use self::{
    decide::{Ended, Reason},
    future::ResponseFuture,
    handle::{Handle, Snapshot},
    layer::{Builder, RetryLayer},
    policy::{Backoff, Policy, Unprocessed},
    service::Retry,
    unprocessed::never_processed,
};
pub use crate::{
    attempt::{ATTEMPT_HEADER, GRPC_ATTEMPTS_HEADER},
    replay::Replay,
};
