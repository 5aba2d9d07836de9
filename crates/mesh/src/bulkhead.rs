//! Bulkheads: each key, such as a tenant or a dependency, may have so many calls under way, so that one that is stuck does not take the room of all.
//!
//! # Rules
//!
//! - **A call is under way** from when it is let through until it is answered or dropped. One beyond the limit of its key is refused at once,
//!   with [`LimitReached`](crate::Why::LimitReached).
//! - **A [limit](crate::concurrency) of all calls belongs inside of it**, with its queue: a call that waits there has its place in the compartment, so that no key fills the queue.
//! - **Memory is bounded**: a key is known only while it has calls under way, since there is nothing to remember of an idle one. When as many are
//!   known as the policy allows, the calls of further keys share one more compartment, which has the limit of a key.
//! - **A call without a key** is let through.
//! - **The compartments are one set** for a layer, its clones and all services that they are put before.
//! - **Readiness** is as that of a [limit](crate::concurrency#readiness): always ready, since only in `call` the key is known.

mod future;
mod handle;
mod key;
mod keys;
mod layer;
mod policy;
mod service;

pub use self::{
    future::ResponseFuture,
    handle::{Handle, Snapshot},
    key::Key,
    layer::BulkheadLayer,
    policy::Policy,
    service::Bulkhead,
};
pub use crate::rate_limit::Header;
