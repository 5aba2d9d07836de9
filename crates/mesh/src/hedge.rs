//! Hedges: a call that takes longer than most is made a second time, and whichever answers first is the answer (Dean, Barroso: The Tail at Scale, 2013).
//!
//! # Rules
//!
//! - **When**: after the live 95th percentile of the first attempts' times, or what the policy says, and not before a minimum. Until enough
//!   calls are known, never. A first attempt that was overtaken counts with the time that it had taken by then, so that hedges do not make the
//!   percentile look better than it is.
//! - **Only what is safe**: as [retries](crate::retry), but never on the word of an answer, since there is none yet.
//! - **The same budget** as retries. It is asked when the hedge fires, and a hedge whose service is not ready before the first answer comes gives its
//!   reservation back. A service for it is only polled then, too.
//! - **Who wins**: the first answer that is no failure and not throttled. If both fail, the first attempt's answer is passed on; a hedge that is refused or fails is none.
//! - **The loser is cancelled**: its future is dropped as soon as the other's answer is there.
//! - **The body** of a hedge is what is kept of the first attempt's. If that is still being sent when the hedge is due, there is none.
//! - **Failures** are not made again: that is a retry's task, and a route has one or the other.

mod future;
mod handle;
mod latencies;
mod layer;
mod policy;
mod service;

#[cfg(test)]
mod tests;

pub use self::{
    future::ResponseFuture,
    handle::{Handle, NotSent, Snapshot},
    layer::{Builder, HedgeLayer},
    policy::Policy,
    service::Hedge,
};
pub use crate::replay::Replay;
