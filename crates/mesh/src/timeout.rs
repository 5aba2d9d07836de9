//! A time-out for each try of a call.
//!
//! # Rules
//!
//! - **It stands inside of the breaker** and of retries: a try that ends here ends with an error, which a breaker counts as a failure. Whoever
//!   drops the call has left, and counts as nothing.
//! - **Until the headers** is what is limited by default. Until then another try, elsewhere, may still help; once they are there the caller has its
//!   answer, and how long the rest may take is a matter of the call's [deadline](crate::deadline).
//! - **The whole answer**, with its body, is limited where the policy says so: for servers that send headers at once and then hang, as
//!   gRPC ones may. Not for streams. Of gRPC, a body that is cut off [ends with the trailers](TimeoutLayer::by_grpc) that say so.
//! - **The call's own deadline ends a try, too**, with [`deadline::Exceeded`](crate::deadline::Exceeded), since retries have no time left. It ends here and
//!   not only at the outside, so that the breaker between hears that the server took too long: it would take a call that is dropped for one whose caller
//!   has left, and never trip on a server that hangs for callers who are in a hurry.
//! - **Time counts from when the call is first pending**; it is armed then, as part of the call's future, and nothing is allocated. A service that
//!   answers at once never sees a timer, nor the clock. Only where the whole answer is limited time counts from the call, which reads the clock.

mod handle;
mod limit;
mod policy;
mod service;

pub use self::{
    handle::{Handle, Snapshot},
    limit::{ByTry, Elapsed, Part},
    policy::Policy,
    service::{Timeout, TimeoutLayer},
};
