//! Answers in place of errors, at the outside of a stack: whatever a layer inside ends with, the caller gets an answer of its protocol.
//!
//! Servers, those of axum, hyper and tonic among them, break the connection off when a service errs, or take only services that cannot.
//! Behind this layer a service's error is [`Infallible`](std::convert::Infallible).
//!
//! # Rules
//!
//! | what it ended with | HTTP | gRPC |
//! |---|---|---|
//! | [`Refused`](crate::Refused), by a rate limit | 429 | 8 RESOURCE_EXHAUSTED |
//! | … by a limit, a full queue, or shed | 503 | 8 RESOURCE_EXHAUSTED |
//! | … since the time is not enough | 503 | 4 DEADLINE_EXCEEDED |
//! | … for any other reason | 503 | 14 UNAVAILABLE |
//! | a time-out of ours, of tokio's, or [what is one, too](AnswerLayer::time_outs) | 504 | 4 DEADLINE_EXCEEDED |
//! | any other error | 502 | 14 UNAVAILABLE |
//!
//! - **When to try again** is told where a refusal knows it: as `Retry-After` in whole seconds, rounded up, or as `grpc-retry-pushback-ms`.
//! - **How a rate limit stands** is told with a refusal of its, and with any other that comes after it: [`Refused::header_fields`](crate::Refused::header_fields).
//! - **A request is gRPC** by its content type, `application/grpc…`. Its answer has nothing but headers, the status among them.
//! - **Errors are found by their type**, also where another error has one as its source.
//! - **Nothing of an error reaches the caller**: not its text, and of a refusal no reason, unless a
//!   [header](AnswerLayer::reason_in) is set for it. [Observers](AnswerLayer::on_error) get the whole error.
//! - **An error of `poll_ready`** is the answer of the next call: a server has nobody else to tell it.
//!
//! # Bodies
//!
//! An answer made here has the empty body, which is what `B::default()` gives: of axum's and tonic's `Body`, and of `Full`, `Empty` and the boxes of
//! `http-body-util`. hyper's `Incoming` has none; put it into one of the boxes on the inside of this layer.

mod future;
mod handle;
mod layer;
mod meaning;
mod service;

pub use self::{
    future::ResponseFuture,
    handle::{Handle, Snapshot},
    layer::AnswerLayer,
    service::Answer,
};
