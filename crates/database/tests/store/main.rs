//! What a store promises, one file per promise.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the helpers of a test for something else than a test"
)]

mod annotations;
mod clock;
mod conflicts;
mod died;
mod directory;
mod failpoints;
mod fixture;
mod full;
mod groups;
mod leases;
mod model;
mod namespace;
mod postgres;
mod queue;
mod read_only;
mod reads;
mod replicas;
mod schema;
mod shape;
mod transactions;
