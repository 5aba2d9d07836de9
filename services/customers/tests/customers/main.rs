//! The customers service through its ports, over in-memory connections and a real database file.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod bus;
mod reacting;
mod support;

mod reading;
mod registering;

mod limits;
mod messaging;
mod reserving;
mod retention;

mod contention;
mod durability;
mod instances;
mod rows;
mod sql;
