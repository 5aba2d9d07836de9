#![doc = include_str!("../README.md")]

pub mod answers;
pub mod audit;
pub mod backoff;
pub mod broker;
mod causes;
pub mod conformance;
pub mod consumer;
pub mod dead_letters;
pub mod embedded;
pub mod envelope;
pub mod faulty;
mod id;
pub mod inbox;
pub mod observe;
pub mod outbox;
pub mod publishing;
pub mod republish;
mod span;
pub mod tally;
pub mod webhook;

pub use ::partition::{self, partition};
pub use answers::Answers;
pub use backoff::Backoff;
pub use broker::{Broker, Delivery, PublishError, Publisher, Responder, Subscription};
pub use consumer::{Consumer, Enriched, Handler, HandlerError};
pub use embedded::Embedded;
pub use envelope::{Data, Envelope};
pub use id::derived_id;
pub use observe::Observer;
pub use tally::Tally;

use database::{Schema, Statement};

/// The tables that a service which sends and consumes messages needs in its own database, with those of
/// [`database::leases`].
pub const SCHEMAS: [Schema; 3] = [outbox::SCHEMA, inbox::SCHEMA, journal::SCHEMA];

/// Every statement of this crate, for the test that prepares each of them; those of the embedded broker need its
/// [schema](embedded::SCHEMA).
pub const STATEMENTS: [&[Statement]; 4] =
    [outbox::STATEMENTS, inbox::STATEMENTS, dead_letters::STATEMENTS, embedded::STATEMENTS];
