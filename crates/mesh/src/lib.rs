#![doc = include_str!("../README.md")]

pub mod answer;
pub mod bulkhead;
pub mod circuit_breaker;
pub mod classify;
pub mod clock;
pub mod concurrency;
pub mod deadline;
pub mod discovery;
pub mod telemetry;
pub mod timeout;

mod policy;
mod random;
mod ready;
mod refused;
mod sync;
mod until;

pub use self::{
    policy::InvalidPolicy,
    refused::{Refused, Why},
};

/// What a layer's errors are: its own beside those of the service, to be told apart by `downcast_ref`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
