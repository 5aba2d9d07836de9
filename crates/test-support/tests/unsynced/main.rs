//! Processes that write, and are killed: what is left on disk is what was synced.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the helpers of a test for something else than a test"
)]

mod child;
mod commits;
mod outages;
mod store;
