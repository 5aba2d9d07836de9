#![doc = include_str!("../README.md")]

pub mod answer;
pub mod balance;
pub mod budget;
pub mod bulkhead;
pub mod circuit_breaker;
pub mod classify;
pub mod clock;
pub mod concurrency;
pub mod deadline;
pub mod discovery;
pub mod hedge;
pub mod rate_limit;
pub mod retry;
pub mod stack;
pub mod telemetry;
pub mod timeout;

mod attempt;
mod lanes;
mod policy;
mod random;
mod ready;
mod refused;
mod replay;
mod sync;
mod until;

pub use self::{
    policy::InvalidPolicy,
    refused::{Refused, Why},
    stack::{client, server},
};

/// What a layer's errors are: its own beside those of the service, to be told apart by `downcast_ref`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
