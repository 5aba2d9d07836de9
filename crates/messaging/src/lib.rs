//! Envelope, broker port, embedded broker, outbox, consumer, dead letters and their audit.

pub mod backoff;
pub mod broker;
pub mod conformance;
pub mod embedded;
pub mod envelope;
pub mod faulty;
mod id;
pub mod partition;
pub mod tally;

pub use backoff::Backoff;
pub use broker::{Broker, Delivery, PublishError, Publisher, Responder, Subscription};
pub use envelope::{Data, Envelope};
pub use id::derived_id;
pub use partition::partition;
pub use tally::Tally;
